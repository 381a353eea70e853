"""h2load's two accounts of one run: the summary that it prints, and its raw log with a row a request."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, Optional

from clearway.base.errors import UnitError
from clearway.base.quantity_text import parse_duration
from clearway.base.units import Duration
from clearway.engine.base import Output, failed, malformed
from clearway.engine.h2load_pacing import LoggedRequest
from clearway.probe.measurement import Connecting

TOOL = "h2load"

_DONE = re.compile(r"^requests: [0-9]{1,18} total, [0-9]{1,18} started, ([0-9]{1,18}) done, .* timeout$", re.MULTILINE)
_CONNECTING = re.compile(r"^time for connect: +(\S+) +(\S+) +(\S+) +\S+ +\S+%$", re.MULTILINE)
_CONNECTED = "Application protocol: http/1.1"
_NO_ROUTE = "client could not connect to host"
_ROW = re.compile(r"([0-9]{1,18})\t(-?[0-9]{1,18})\t([0-9]{1,18})(?:\t.*)?\n")


@dataclass(frozen=True)
class LoadSummary:
    done: int
    """Requests that were answered: one row each in the log."""
    connecting: Optional[Connecting]
    """None: h2load timed no connection."""


def summary_of(output: Output) -> LoadSummary:
    """Raises Unreadable if no connection was made, or if h2load didn't come to its end."""
    if _NO_ROUTE in output.stdout + output.stderr:
        raise failed("tool.no-route", TOOL, output, _NO_ROUTE)
    done, connecting = _DONE.search(output.stdout), _CONNECTING.search(output.stdout)
    if _CONNECTED not in output.stdout and (done or output.exit is None):
        raise failed("tool.not-connected", TOOL, output, output.stdout)
    if done is None or connecting is None:
        raise failed("tool.cut-short", TOOL, output, output.stdout)
    return LoadSummary(int(done.group(1)), _connecting(connecting))


def _connecting(printed: re.Match[str]) -> Optional[Connecting]:
    try:
        least, most, mean = (parse_duration(text) for text in printed.groups())
    except UnitError:
        raise malformed(TOOL, printed.group()) from None
    return Connecting(least, mean, most) if most.si > 0 else None


class RequestLog:
    """The rows of a log, which may be millions. Counted as they are read, once; times are seconds from the instant."""

    def __init__(self, path: Path, instant: float, ends: Duration) -> None:
        """Times in the log are the machine's own, like `instant`; `ends` is when h2load is over, counted from it."""
        self._path, self._instant = path, round(instant * 1e6)
        self._latest = round(ends.si * 1e6) + _EARLIEST
        self.rows = 0
        self._first = self._last = 0
        """Starts of the first and the last request, microseconds."""

    @property
    def first(self) -> Duration:
        """When its first request was sent; the instant if there is none."""
        return Duration(self._first / 1e6)

    @property
    def last(self) -> Duration:
        return Duration(self._last / 1e6)

    def as_written(self) -> Iterator[LoggedRequest]:
        """In order of their ends, at constant memory. Raises Unreadable on a row that is none."""
        return map(_unpacked, self._packed())

    def by_start(self) -> Iterator[LoggedRequest]:
        """In order of their starts; each waits as one number. Raises Unreadable on a row that is none."""
        return map(_unpacked, sorted(self._packed()))

    def _packed(self) -> Iterator[int]:
        with self._path.open(encoding="ascii", errors="replace") as lines:
            for line in lines:
                row = _ROW.fullmatch(line)
                if row is None:
                    raise malformed(TOOL, line)
                start, status, took = (int(part) for part in row.groups())
                if not -_EARLIEST <= start - self._instant <= self._latest - took:
                    raise malformed(TOOL, line)
                yield (
                    self._counted(start - self._instant) << _START
                    | min(took, _LONGEST) << _TOOK
                    | min(status + 1, _WORST)
                )

    def _counted(self, start: int) -> int:
        self._first = min(self._first, start) if self.rows else start
        self._last = max(self._last, start) if self.rows else start
        self.rows += 1
        return start


_EARLIEST = 60_000_000
"""Microseconds: a request that was sent, or answered, so far outside of the run was never sent."""
_TOOK, _START = 10, 46
"""Bits to the right of a packed row's parts: status + 1, microseconds until the answer, microseconds of the start."""
_WORST, _LONGEST = (1 << _TOOK) - 1, (1 << (_START - _TOOK)) - 1


def _unpacked(row: int) -> LoggedRequest:
    start, took = row >> _START, (row >> _TOOK) & _LONGEST
    return LoggedRequest(start / 1e6, (start + took) / 1e6, (row & _WORST) - 1)
