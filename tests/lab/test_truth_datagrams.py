"""What clearway calls lost is what was dropped on the road, to the datagram; what it calls host loss, at the socket."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.datagrams import LOSSES, TOLERANCE, crowded_fate, fates, stalled_fate

pytestmark = [pytest.mark.lab, pytest.mark.truth, pytest.mark.slow]


async def test_loss_is_the_count_of_nft_for_the_port_of_the_probe(tmp_path: Path) -> None:
    found = await fates(tmp_path / "run")
    assert sorted(fate.set_loss for fate in found) == list(LOSSES)
    for fate in found:
        assert fate.dropped > 0, fate
        assert abs(fate.off) <= TOLERANCE, fate


@pytest.mark.fault("host", "the receiving socket overflows", "Loss inside the receiving host, not loss on the way.")
async def test_datagrams_dropped_at_a_full_socket_are_host_loss_and_not_loss(tmp_path: Path) -> None:
    """The road loses 1 % at the same time: each counter is found in its own metric."""
    fate = await stalled_fate(tmp_path / "run")
    assert fate.overflowed > 100, f"the receiver did not overflow: {fate}"
    assert fate.dropped > 100, fate
    assert abs(fate.host_off) <= TOLERANCE, fate
    assert abs(fate.off) <= TOLERANCE, fate


@pytest.mark.fault("host", "another program's socket overflows", "Nothing: it is no part of this measurement.")
async def test_datagrams_dropped_at_the_sockets_of_others_are_no_part_of_a_loss(tmp_path: Path) -> None:
    fate = await crowded_fate(tmp_path / "run")
    assert fate.overflowed > 500, f"the other socket did not overflow: {fate}"
    assert fate.dropped > 100, fate
    assert abs(fate.off) <= TOLERANCE, fate
    assert fate.host_loss == 0, fate
