"""HTTP latency is what h2load by hand sees over the same road; of a dead one, what a client sees that keeps time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from benchmarks import http_by_hand, outage
from benchmarks.figure import Paired

pytestmark = [pytest.mark.lab, pytest.mark.truth, pytest.mark.slow, pytest.mark.timeout(360)]


FEW, MANY = 3, 9
"""Few turns say little on a machine that is busy with something else: what they leave in doubt, more of them decide."""


async def test_percentiles_are_those_of_h2load_by_hand(tmp_path: Path) -> None:
    found = [await http_by_hand.paired(tmp_path / "few", runs=FEW)]
    if not agree(found[0]):
        found.append(await http_by_hand.paired(tmp_path / "many", runs=MANY))
    assert agree(found[-1]), found


def agree(found: Mapping[str, Paired]) -> bool:
    """In the middle of the requests; p99 is decided by fifteen of them, and the bench looks at it."""
    return all(found[name].of_medians == pytest.approx(1, abs=0.25) for name in ("p50", "p90"))


CLOSE = 0.2
"""Of the client that keeps time. The two meet two outages, and each connection finds its end by a timer of its own: the
kernel sends again after 0.2, 0.6 and 1.4 s, or some 15 % later, by the delays that the connection saw before."""
LOADED = 0.25
"""The same beside bulk traffic, whose queue differs from one turn to the next."""


@pytest.mark.parametrize(
    ("dead", "bulk", "close"), [(1.0, None, CLOSE), (3.0, outage.BULK, LOADED)], ids=["idle", "loaded"]
)
async def test_an_outage_delays_all_requests_that_were_due_in_it(
    tmp_path: Path, dead: float, bulk: str | None, close: float
) -> None:
    """The road is dead for some of 10 s. Both clients time from the due instant; ours reads h2load's log."""
    found = await outage.seen(tmp_path, dead, bulk)
    (share,) = found.shares.by_hand
    assert share > dead / 10
    assert found.shares.of_medians == pytest.approx(1, rel=close)
    assert found.percentiles(99).of_medians == pytest.approx(1, rel=close)
    (ours,) = found.ours
    assert ours.errors == {}
    assert ours.stall is not None
    assert ours.stall.si > dead * 0.9
