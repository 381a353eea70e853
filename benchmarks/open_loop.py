"""An HTTP client that sends by the clock: run on a node of a lab, it prints the latency of each request, in seconds.

    python open_loop.py ADDRESS PORT CONNECTIONS RATE SECONDS START

At START, Unix seconds, and every CONNECTIONS / RATE after it, a request is due on every connection: all at once, as
h2load offers a rate. It is sent then, or as soon as its connection has the answer before, and timed from the due
instant; one that has no answer two seconds after the last instant counts with its delay until then. Nothing of clearway
is in it.
"""

from __future__ import annotations

import ctypes
import select
import socket
import sys
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

_PATIENCE = 2.0
_TIMER_SLACK = 29
"""PR_SET_TIMERSLACK of prctl(2): the kernel wakes this process to the microsecond, not 50 of them later."""


@dataclass
class Connection:
    """One request at a time; what is due meanwhile waits."""

    socket: socket.socket
    request: bytes
    due: deque[float] = field(default_factory=deque)
    """Of requests that have no answer yet, the one on its way first."""
    got: bytearray = field(default_factory=bytearray)

    def owe(self, due: float) -> None:
        self.due.append(due)
        if len(self.due) == 1:
            self.socket.sendall(self.request)

    def receive(self) -> Iterator[float]:
        """Latencies of the requests that are answered by now."""
        self.got += self.socket.recv(65_536)
        head, ended, body = bytes(self.got).partition(b"\r\n\r\n")
        if not ended or len(body) < _length(head):
            return
        yield time.time() - self.due.popleft()
        self.got.clear()
        if self.due:
            self.socket.sendall(self.request)


def _length(head: bytes) -> int:
    assert head.lower().startswith(b"http/1.1 200"), head
    return int(head.lower().partition(b"content-length:")[2].split()[0])


def latencies(address: str, port: int, connections: int, due: deque[float]) -> Iterator[float]:
    """Of every request, in the order of the answers."""
    request = f"GET /body HTTP/1.1\r\nHost: {address}\r\n\r\n".encode()
    opened = [Connection(socket.create_connection((address, port)), request) for _ in range(connections)]
    by_socket = {one.socket: one for one in opened}
    end = due[-1] + _PATIENCE
    turn = 0
    while (now := time.time()) < end and (due or any(one.due for one in opened)):
        while due and due[0] <= now:
            opened[turn % connections].owe(due.popleft())
            turn += 1
        ready, _, _ = select.select(list(by_socket), [], [], max(0.0, (due[0] if due else end) - time.time()))
        for readable in ready:
            yield from by_socket[readable].receive()
    for one in opened:
        yield from (end - waited for waited in one.due)


def main(address: str, port: str, connections: str, rate: str, seconds: str, start: str) -> None:
    ctypes.CDLL(None).prctl(_TIMER_SLACK, 1, 0, 0, 0)
    together = int(connections)
    period, turns = together / float(rate), round(float(rate) * float(seconds) / together)
    due = deque(float(start) + turn * period for turn in range(turns) for _ in range(together))
    print(*(f"{latency:.6f}" for latency in latencies(address, int(port), together, due)))


if __name__ == "__main__":
    main(*sys.argv[1:])
