"""What tests that run at the same time must not have in common."""

from __future__ import annotations

import socket
from functools import cache
from itertools import count

_HELD: list[socket.socket] = []
"""As long as this process lives."""


@cache
def place() -> int:
    """This process among all that test on this machine now: 0, 1 ... A worker of that slot has ports of its own."""
    return next(number for number in count() if _is_taken(number))


def _is_taken(number: int) -> bool:
    """The kernel keeps a name that begins with a zero byte as long as its socket is open, and makes no file of it."""
    held = socket.socket(socket.AF_UNIX)
    try:
        held.bind(f"\0clearway-test-{number}")
    except OSError:
        held.close()
        return False
    _HELD.append(held)
    return True
