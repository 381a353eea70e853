"""What iperf2's UDP rows prove of many flows at once: each flow by the port that it comes from.

Flows that begin together meet a fault of the receiver: for some milliseconds its newest socket takes datagrams of any
flow, and some are counted nowhere. Counts from the start of the session are wrong for that; inside the window they are
right.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Optional, Sequence, Tuple

from clearway.base.errors import Unreadable
from clearway.base.units import Duration, Rate, Size
from clearway.engine.base import Output
from clearway.engine.iperf import Grid, duration
from clearway.engine.iperf2.rows import (
    BYTES,
    TOOL,
    check_receiver,
    check_sender,
    count_of,
    ports_of_clients,
    ports_of_peers,
    rows_of,
)
from clearway.engine.iperf2.udp import SENT, bytes_sent, check_size, datagrams_in, is_silent, without_reordering
from clearway.probe.measurement import Flow, Udp

_RECEIVED = re.compile(
    BYTES + r" +([0-9]{1,18}\.[0-9]{1,18}) ms +([0-9]{1,18})/ *([0-9]{1,18}) \(\S+%\) +([^/]+)/.* ms .*pps\b.*"
)
_NUMBER = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,18})?")
_RECEIVERS_COPY = re.compile(r"^\[ *[0-9]{1,18}\] \S+-\S+ sec .*(?: ms .*pps.*|received out-of-order)\n", re.MULTILINE)
"""Rows of the receiver that the sender prints at its end, those of one flow between those of another."""


@dataclass(frozen=True)
class _FlowRow:
    size: int
    jitter: float
    """Milliseconds."""
    lost: int
    total: int
    delay: Optional[float]
    """Milliseconds from sending to reading by both machines' clocks; None without datagrams."""


def read_udp_flows_receiver(grid: Grid, datagram: int, flows: int, output: Output) -> Udp:
    """Series, jitter and each flow's own counts, all inside the window; no count over the session but proven silence.

    A flow of which nothing arrived is in no row: the sender's half knows its port.
    Raises Unreadable if the rows of a flow that came don't cover the window.
    """
    if is_silent(output):
        return replace(_udp_of(grid, datagram, (), ()), received=0)
    check_receiver(output, flows, some_may_be_missing=True)
    rows = rows_of(without_reordering(output), _RECEIVED, _received)
    series = rows.table(grid.step, grid.starts())
    ports = ports_of_peers(output)
    by_flow = tuple(_flow(grid, ports[name], datagram, cells) for name, cells in zip(rows.streams, series))
    return _udp_of(grid, datagram, series, by_flow)


def read_udp_flows_sender(datagram: int, flows: int, output: Output) -> Udp:
    """What each flow put on its socket, over the whole session. Raises Unreadable if a flow has no total."""
    check_sender(output, flows)
    own = replace(output, stdout=_RECEIVERS_COPY.sub("", output.stdout))
    check_size(own, datagram)
    ports = ports_of_clients(own)
    totals = {row.stream: row for row in rows_of(own, SENT, bytes_sent).rows}
    if missing := set(ports) - set(totals):
        raise Unreadable("tool.streams-missing", tool=TOOL, asked=flows, found=flows - len(missing))
    ran = duration(min(row.end for row in totals.values()))
    size = sum(row.cells for row in totals.values())
    return Udp(
        sent=datagrams_in(size, datagram),
        sending_time=ran,
        sent_rate=Size(size).per(ran) if ran.si else Rate(0),
        by_flow=tuple(Flow(ports[name], datagrams_in(row.cells, datagram)) for name, row in sorted(totals.items())),
    )


def _udp_of(grid: Grid, datagram: int, series: Sequence[Sequence[_FlowRow]], by_flow: Tuple[Flow, ...]) -> Udp:
    at_once = list(zip(*series)) or [()] * len(grid.starts())
    sizes = [sum(cell.size for cell in cells) for cells in at_once]
    return Udp(
        interval=grid.interval,
        series=tuple(map(Size, sizes)),
        jitter=tuple(Duration(cell.jitter / 1e3) for cells in at_once for cell in cells if cell.size),
        datagrams=tuple(datagrams_in(size, datagram) for size in sizes),
        losses=tuple(sum(cell.lost for cell in cells) for cells in at_once),
        by_flow=by_flow,
    )


def _flow(grid: Grid, port: int, datagram: int, cells: Sequence[_FlowRow]) -> Flow:
    """One flow inside the window; its delay is the mean over its datagrams."""
    counts = [datagrams_in(cell.size, datagram) for cell in cells]
    received = sum(counts)
    known = [(count, cell.delay) for count, cell in zip(counts, cells) if count and cell.delay is not None]
    weight = sum(count for count, _ in known)
    delay = sum(count * each for count, each in known) / weight if weight else None
    return Flow(
        port=port,
        datagrams=received,
        lost=sum(cell.lost for cell in cells),
        delay=None if delay is None else Duration(delay / 1e3),
        silent=grid.interval * sum(1 for _ in takewhile(lambda count: not count, reversed(counts))),
    )


def _received(cells: Sequence[str]) -> _FlowRow:
    size, jitter, lost, total, delay = cells
    known = float(delay) if _NUMBER.fullmatch(delay) else None
    return _FlowRow(count_of(size), float(jitter), int(lost), int(total), known)
