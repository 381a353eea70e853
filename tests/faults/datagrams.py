"""Numbered datagrams by plain sockets, run on a node: `datagrams.py receive PORT SECONDS` and `datagrams.py send ...`.

The receiver ends when nothing has come for so many seconds, and prints what came: source port, number, the kernel's
time of arrival, and whether the content is what was sent.
"""

from __future__ import annotations

import json
import socket
import struct
import sys
import time

_SO_RCVBUFFORCE, _SO_TIMESTAMPNS = 33, 35
_TIME = struct.Struct("qq")
_NUMBER = struct.Struct("!q")


def content(number: int, size: int) -> bytes:
    return _NUMBER.pack(number) + bytes((number + place) % 251 for place in range(size - _NUMBER.size))


def send(address: str, port: int, count: int, pause: float, size: int, flows: int) -> None:
    """`count` datagrams of each of so many source ports in turns, `pause` seconds after the turn before."""
    senders = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(flows)]
    begun = time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, begun + number * pause - time.monotonic()))
        for sender in senders:
            sender.sendto(content(number, size), (address, port))


def receive(port: int, patience: float) -> list[tuple[int, int, float, bool]]:
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    receiver.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 16 << 20)
    receiver.bind(("", port))
    receiver.settimeout(10.0)
    came = []
    try:
        while True:
            data, notes, _, (_, source) = receiver.recvmsg(65_536, 64)
            receiver.settimeout(patience)
            seconds, nanoseconds = _TIME.unpack(notes[0][2])
            (number,) = _NUMBER.unpack_from(data)
            came.append((source, number, seconds + nanoseconds / 1e9, data == content(number, len(data))))
    except TimeoutError:
        return came


if __name__ == "__main__":
    command, *words = sys.argv[1:]
    if command == "receive":
        print(json.dumps(receive(int(words[0]), float(words[1]))))
    else:
        address, port, count, pause, size, flows = words
        send(address, int(port), int(count), float(pause), int(size), int(flows))
