"""Standard output and standard error as streams that end no command.

What can't be written any more, because the reader has ended, the disk is full or the terminal is gone, is dropped.
"""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class Outlet(io.FileIO):
    """A descriptor to write to. From the first failure on, everything goes nowhere."""

    failure: OSError | None = None

    def write(self, data: ReadableBuffer) -> int:
        if self.failure is None:
            try:
                return super().write(data)
            except OSError as error:
                self.failure = error
        return memoryview(data).nbytes


class OutletStream(io.TextIOWrapper):
    """Text for an outlet, line by line."""

    def __init__(self, outlet: Outlet, encoding: str) -> None:
        # What the encoding has no sign for is escaped, as Python does for standard error.
        super().__init__(io.BufferedWriter(outlet), encoding, "backslashreplace", line_buffering=True)
        self.outlet = outlet


def open_outlets() -> None:
    """Replace the standard streams of this process; streams that a test has put there stay."""
    while (spare := os.open(os.devnull, os.O_RDWR)) < 3:
        pass  # a standard stream that was closed: no other file may get its number
    os.close(spare)
    if sys.stdout is sys.__stdout__:
        sys.stdout = _outlet_of(sys.stdout, 1)
    if sys.stderr is sys.__stderr__:
        sys.stderr = _outlet_of(sys.stderr, 2)


def take_lost_output() -> OSError | None:
    """Why standard output lost something, said once; None where nothing was lost, or only a reader that had enough."""
    stream = sys.stdout
    if not isinstance(stream, OutletStream):
        return None
    stream.flush()
    lost, stream.outlet.failure = stream.outlet.failure, None
    if lost is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return None if isinstance(lost, BrokenPipeError) else lost


def _outlet_of(stream: TextIO | None, number: int) -> OutletStream:
    encoding = "utf-8" if stream is None or stream.encoding.lower() in _ASCII else stream.encoding
    return OutletStream(Outlet(number, "w", closefd=False), encoding)


_ASCII = ("ascii", "us-ascii", "ansi_x3.4-1968", "646")
"""ASCII is a part of UTF-8, and can write neither Korean nor the signs of units."""
