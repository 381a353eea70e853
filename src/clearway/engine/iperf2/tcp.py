"""What iperf2's TCP rows prove: the receiver's goodput, the sender's retransmits and round-trip times."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Sequence

from clearway.base.units import Duration, Size
from clearway.engine.base import Output
from clearway.engine.iperf import Grid
from clearway.engine.iperf2.rows import BYTES, check_receiver, check_sender, connect_times, count_of, rows_of, stall_in
from clearway.probe.measurement import Tcp
from clearway.probe.parameters import TcpParameters

_RECEIVED = re.compile(BYTES + r" +[0-9]{1,18}=[\d:]+")
_SENT = re.compile(BYTES + r" +[0-9]{1,18}/[0-9]{1,18} +([0-9]{1,18}) +\S+/([0-9]{1,18})(?:\([0-9]{1,18}\))? us +\S+")
"""In an interval in which nothing could be written the window is `NA` and the RTT 0, without its deviation."""


@dataclass(frozen=True)
class _Sent:
    size: int
    retransmits: int
    rtt: int
    """Microseconds; 0 where the kernel had no sample yet."""


def read_tcp_receiver(grid: Grid, parameters: TcpParameters, output: Output) -> Tcp:
    """Goodput from the receiver's rows inside the window. Raises Unreadable if one is missing."""
    check_receiver(output, parameters.streams)
    fine = grid.fine(parameters.streams)
    streams = rows_of(output, _RECEIVED, _received).table(fine.step, fine.starts())
    at_once = [sum(cells) for cells in zip(*streams)]
    rows, stall = grid.step // fine.step, stall_in(fine, at_once)
    return Tcp(
        interval=grid.interval,
        series=tuple(Size(sum(at_once[place : place + rows])) for place in range(0, len(at_once), rows)),
        by_stream=tuple(Size(sum(stream)) for stream in streams),
        stall=stall and stall.length,
        stalled_at=stall and stall.at,
    )


def read_tcp_sender(grid: Grid, parameters: TcpParameters, output: Output) -> Tcp:
    """What the sender's kernel knew, from the instant to the window's end. Raises Unreadable if a row is missing."""
    check_sender(output, parameters.streams)
    streams = rows_of(output, _SENT, _sent).table(grid.step, grid.starts_with_warm_up())
    skipped = grid.begin // grid.step
    inside = [cell for interval in list(zip(*streams))[skipped:] for cell in interval]
    return Tcp(
        retransmits=sum(cell.retransmits for stream in streams for cell in stream),
        rtt=tuple(Duration(cell.rtt / 1e6) for cell in inside if cell.rtt) or None,
        connect=connect_times(output),
        sent=Size(sum(cell.size for stream in streams for cell in stream)),
    )


def _received(cells: Sequence[str]) -> int:
    return count_of(cells[0])


def _sent(cells: Sequence[str]) -> _Sent:
    return _Sent(count_of(cells[0]), int(cells[1]), int(cells[2]))
