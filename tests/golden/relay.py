"""Relay UDP both ways and swap every tenth datagram with the one behind it: what reordering paths do.

python -m golden.relay LISTEN_ADDRESS TARGET_ADDRESS PORT
"""

from __future__ import annotations

import select
import socket
import sys

_EVERY = 10


def main(listen: str, target: str, port: int) -> None:
    front, back = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    front.bind((listen, port))
    back.connect((target, port))
    held: bytes | None = None
    client, seen = None, 0
    while True:
        ready, _, _ = select.select([front, back], [], [])
        if back in ready and client is not None:
            front.sendto(back.recv(65536), client)
        if front not in ready:
            continue
        datagram, client = front.recvfrom(65536)
        seen += 1
        if seen % _EVERY == 0 and held is None:
            held = datagram
            continue
        back.send(datagram)
        if held is not None:
            back.send(held)
            held = None


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
