"""What iperf 2 and iperf 3 have in common: their flags, and the window as a row of equal intervals.

Intervals are in ticks of 0.1 ms: the finest time that the rows of iperf show.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Iterable, NamedTuple, Optional, Tuple

from clearway.base.errors import InternalError, UsageError
from clearway.base.units import Duration, Size
from clearway.engine.base import TAIL, parameters_of
from clearway.probe.parameters import TcpParameters, UdpParameters, Window
from clearway.probe.records import Request

PER_SECOND = 10_000
"""Ticks."""
_ROUNDING = 1e-3
"""Ticks by which binary fractions may miss a decimal one."""
_LENGTHS = tuple(Duration(seconds) for seconds in (0.5, 0.2, 0.1, 0.05, 0.02, 0.01))
"""What bulk data is counted by: the longest that fits is the steadiest."""
_STALL = Duration(0.1)
"""The longest rows that show a stall: rows of 0.5 s hide one of 0.9 s."""
_ROWS = 40_000
"""Rows that a receiver may print: 64 streams for a minute. As JSON they are 13 MB then."""
_ENOUGH = 10
"""Intervals in a window that make a series: a mean over fewer would hang on the first and the last one."""


@dataclass(frozen=True)
class Grid:
    """Where the intervals lie, in ticks from the instant."""

    step: int
    begin: int
    """End of the warm-up."""
    end: int

    def starts(self) -> range:
        """Start of each interval inside the window."""
        return range(self.begin, self.end, self.step)

    def starts_with_warm_up(self) -> range:
        return range(0, self.end, self.step)

    def fine(self, streams: int) -> Grid:
        """The same window in rows that show a stall; as it is where these would be too many to print and read."""
        step = min(self.step, _in_ticks(_STALL))
        return self if self.load_end // step * streams > _ROWS else replace(self, step=step)

    @property
    def shows_stalls(self) -> bool:
        return self.step <= _in_ticks(_STALL)

    @property
    def load_end(self) -> int:
        return self.end + _in_ticks(TAIL)

    @property
    def interval(self) -> Duration:
        return duration(self.step)


def ticks(seconds: str) -> int:
    """`0.5000` as a tool prints it, exactly."""
    whole, _, fraction = seconds.partition(".")
    return int(whole) * PER_SECOND + int(fraction.ljust(4, "0"))


def duration(tick: int) -> Duration:
    return Duration(tick / PER_SECOND)


class Row(NamedTuple):
    """What came from one tick to another, counted from the instant."""

    start: int
    end: int
    size: int


class Stall(NamedTuple):
    """The longest time without anything, and when it began, from the instant; None: there was none."""

    length: Duration
    at: Optional[Duration]


def longest_stall(rows: Iterable[Row]) -> Stall:
    """The longest run of empty rows among `rows` without a gap between them; the first of equal ones."""
    length, at, since = 0, None, None
    for row in rows:
        since = None if row.size else row.start if since is None else since
        if since is not None and row.end - since > length:
            length, at = row.end - since, since
    return Stall(duration(length), None if at is None else duration(at))


@dataclass(frozen=True)
class Fate:
    """What became of the datagrams of a session, as a receiver knows it."""

    received: int
    lost: int
    duplicates: Optional[int]
    reordered: Optional[int]


TOLERANCE = 3
"""Datagrams by which a tool's own counts may differ: the one at connecting, and those that close the session."""


def fate_of(received: int, numbers: int, lost: int, out_of_order: int) -> Optional[Fate]:
    """By what was received, and by sequence numbers; None: the two contradict each other.

    The tools count a copy as out of order, and take all that is out of order off the losses. Where more came than the
    sequence numbers have, all that was out of order counts as copies: then no loss is hidden.
    """
    surplus = received - (numbers - lost)
    if abs(surplus) <= TOLERANCE:
        return Fate(received, lost, 0, out_of_order)
    if not 0 < surplus <= out_of_order + TOLERANCE:
        return None
    gaps = max(0, numbers - (received - out_of_order))
    return Fate(received, gaps, out_of_order, 0 if gaps <= TOLERANCE else None)


def grid_of(window: Window, length: Duration) -> Grid:
    """The window in intervals of `length`. Raises UsageError if it isn't a multiple of it."""
    if not _fits(window, length):
        raise UsageError("engine.uneven-window", warm_up=window.warm_up, duration=window.duration, interval=length)
    return Grid(_in_ticks(length), _in_ticks(window.warm_up), _in_ticks(window.end))


def bulk_grid_of(window: Window, finest: Duration = _LENGTHS[-1]) -> Grid:
    """The window in the longest usual interval that gives a series. Raises UsageError if none divides it."""
    fitting = [length for length in _LENGTHS if length >= finest and _fits(window, length)]
    series = [length for length in fitting if window.duration.over(length) >= _ENOUGH]
    return grid_of(window, series[0] if series else finest)


def fine_grid_of(window: Window, finest: Duration) -> Grid:
    """The window in the shortest usual interval from `finest` on. Raises UsageError if none divides it."""
    fitting = [length for length in _LENGTHS if length >= finest and _fits(window, length)]
    return grid_of(window, fitting[-1] if fitting else finest)


def _fits(window: Window, length: Duration) -> bool:
    step = _in_ticks(length)
    return all(
        abs(span.si * PER_SECOND - _in_ticks(span)) < _ROUNDING and _in_ticks(span) % step == 0
        for span in (window.warm_up, window.duration)
    )


def _in_ticks(span: Duration) -> int:
    return round(span.si * PER_SECOND)


def datagram_of(request: Request) -> int:
    """Payload bytes of a datagram. Raises InternalError for a request without one."""
    parameters = request.parameters
    if not isinstance(parameters, UdpParameters) or parameters.datagram is None:
        raise InternalError("engine.no-datagram-size", probe=request.probe)
    return int(parameters.datagram.si)


def udp_flags(request: Request) -> Tuple[str, ...]:
    """Of the sender. `-b` is the rate of one flow, so each gets its part."""
    parameters = parameters_of(request, UdpParameters)
    rate = ("-b", f"{parameters.rate.si / (parameters.flows or 1):.0f}", "-l", str(datagram_of(request)))
    flows = () if parameters.flows is None else ("-P", str(parameters.flows))
    return ("-u", *flows, *rate, *buffer_flags(parameters.buffer))


def tcp_flags(request: Request, congestion_flag: str) -> Tuple[str, ...]:
    """Of the sender. `-b` is the rate of one stream, so each gets its part."""
    parameters = parameters_of(request, TcpParameters)
    congestion = () if parameters.congestion is None else (congestion_flag, parameters.congestion)
    pace = () if parameters.rate is None else ("-b", f"{parameters.rate.si / parameters.streams:.0f}")
    return ("-P", str(parameters.streams), *pace, *congestion, *buffer_flags(parameters.buffer))


def buffer_flags(size: Optional[Size]) -> Tuple[str, ...]:
    return () if size is None else ("-w", f"{size.si:.0f}")
