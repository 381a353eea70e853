"""h2load's two accounts of one run: the summary that it prints, and its raw log with a row a request."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, Iterator, Mapping, Tuple

from clearway.base.units import Duration
from clearway.engine.base import TAIL, Output, failed, malformed
from clearway.probe.measurement import Histogram
from clearway.probe.parameters import Window

TOOL = "h2load"

_DONE = re.compile(r"^requests: \d+ total, \d+ started, (\d+) done, .* timeout$", re.MULTILINE)
_RATES = re.compile(r"^req/s +: +([\d.]+) +([\d.]+) +[\d.]+ +[\d.]+ +\S+%$", re.MULTILINE)
_CONNECTED = "Application protocol: http/1.1"
_NO_ROUTE = "client could not connect to host"
_ROW = re.compile(r"(\d+)\t(-?\d+)\t(\d+)(?:\t.*)?\n")


@dataclass(frozen=True)
class LoadSummary:
    done: int
    """Requests answered after h2load's warm-up: one row each in the log."""
    slowest: float
    """Requests per second of the slowest connection."""
    fastest: float


@dataclass(frozen=True)
class RequestLog:
    """The rows of requests that began inside the window."""

    rows: int
    """All of them, in the window or not."""
    first: Duration
    """When the first request of all began, from the instant."""
    last: Duration
    latency: Histogram
    errors: Mapping[str, int]
    span: Duration


def summary_of(output: Output) -> LoadSummary:
    """Raises Unreadable if no connection was made, or if h2load didn't come to its end."""
    if _NO_ROUTE in output.stdout + output.stderr:
        raise failed("tool.no-route", TOOL, output, _NO_ROUTE)
    done, rates = _DONE.search(output.stdout), _RATES.search(output.stdout)
    if _CONNECTED not in output.stdout and (done or output.exit is None):
        raise failed("tool.not-connected", TOOL, output, output.stdout)
    if done is None or rates is None:
        raise failed("tool.cut-short", TOOL, output, output.stdout)
    return LoadSummary(int(done.group(1)), float(rates.group(1)), float(rates.group(2)))


def read_log(path: Path, instant: float, window: Window) -> RequestLog:
    """Count the log, row by row: it may be millions long. Times in it are the machine's own, like `instant`.

    Raises Unreadable on an empty log or a row that is none.
    """
    reading = _LogRows(window)
    values = Histogram.of(reading.latencies(path, round(instant * 1e6)))
    if not reading.rows:
        raise failed("tool.no-rows", TOOL, Output("", ""))
    span = max(0.0, min(reading.last_end, window.end.si) - reading.first_inside)
    return RequestLog(
        rows=reading.rows,
        first=Duration(reading.first),
        last=Duration(reading.last),
        latency=values,
        errors=reading.errors,
        span=Duration(span),
    )


@dataclass
class _LogRows:
    """What is kept while rows pass by; seconds from the instant."""

    window: Window
    rows: int = 0
    first: float = float("inf")
    last: float = float("-inf")
    first_inside: float = float("inf")
    last_end: float = float("-inf")
    errors: Dict[str, int] = field(default_factory=dict)

    def latencies(self, path: Path, instant: int) -> Iterator[float]:
        """Seconds of every successful request that began inside the window."""
        begin, end = self.window.warm_up.si, self.window.end.si
        for start, status, took in _rows(path):
            began, seconds = (start - instant) / 1e6, took / 1e6
            self.rows += 1
            self.first, self.last = min(self.first, began), max(self.last, began)
            if not begin <= began < end:
                continue
            self.first_inside = min(self.first_inside, began)
            self.last_end = max(self.last_end, began + seconds)
            if kind := _failure(status, began + seconds, self.window):
                self.errors[kind] = self.errors.get(kind, 0) + 1
            else:
                yield seconds


def _failure(status: int, ended: float, window: Window) -> str:
    """Why a request counts as failed; empty if it doesn't.

    One that ends as h2load stops may have been cut off with half its answer.
    """
    if ended > (window.end + TAIL).si - _STOP:
        return "unanswered"
    if status < _FIRST_STATUS:
        return "failed"
    return "" if _OK <= status < _FIRST_REDIRECT else f"status-{status}"


_STOP = 0.05
"""Seconds before h2load's planned end in which it may already be stopping: its timers are early or late by a few
milliseconds."""
_FIRST_STATUS, _OK, _FIRST_REDIRECT = 100, 200, 300
"""HTTP: below the first there is no status; from the last on, the body that was asked for did not come."""


def _rows(path: Path) -> Iterator[Tuple[int, int, int]]:
    """Start in Unix microseconds, status (-1: none), microseconds until the whole answer was there."""
    with path.open(encoding="ascii", errors="replace") as lines:
        for line in lines:
            row = _ROW.fullmatch(line)
            if row is None:
                raise malformed(TOOL, line)
            yield int(row.group(1)), int(row.group(2)), int(row.group(3))
