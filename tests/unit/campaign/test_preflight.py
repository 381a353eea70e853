"""What is refused before anything is created."""

from __future__ import annotations

import pytest

from clearway.base.errors import UsageError
from clearway.base.units import Duration
from clearway.campaign.preflight import check_workers, rehearse
from clearway.probe.clock_offset import ClockOffset
from clearway.probe.records import Slot, Worker
from clearway.site.base import NotFit, Ready
from clearway.spec.load import load_profile, profile_names, read_spec
from making import inventory, planned


def test_a_window_that_an_engine_cannot_divide_is_refused() -> None:
    spec = read_spec("{version: 1, tests: [{name: t, protocol: tcp, engine: iperf3, duration: 1.234s, warm-up: 1s}]}")
    with pytest.raises(UsageError, match=r"engine\.uneven-window"):
        rehearse(planned(spec, inventory(2)).plan)


@pytest.mark.parametrize("profile", profile_names())
def test_the_built_in_profiles_are_accepted_by_their_engines(profile: str) -> None:
    rehearse(planned(load_profile(profile), inventory(6, zones=("zone-a", "zone-b"))).plan)


PINNED = "{version: 1, tests: [{name: t, protocol: tcp, congestion: bbr, direction: forward}]}"
TOOLS = {"iperf": "2.1.8"}


def ready(slot: Slot, **facts: str) -> Ready:
    return Ready(Worker(slot, ("192.0.2.1",), 1500, (5001,), TOOLS, facts), ClockOffset(Duration(0), Duration(0)))


def test_a_family_that_a_worker_has_no_address_of_is_found_before_any_traffic() -> None:
    spec = read_spec("{version: 1, tests: [{name: t, protocol: tcp, family: ipv6, direction: forward}]}")
    (probe,) = planned(spec, inventory(2)).plan[0].probes
    with pytest.raises(NotFit) as refused:
        check_workers([probe], {slot: ready(slot) for slot in probe.pair})
    (finding,) = refused.value.findings
    assert (finding.code, finding.values) == ("preflight.no-address", {"family": "ipv6"})
    assert finding.subject == ", ".join(str(slot) for slot in probe.pair)


def test_a_congestion_control_that_a_sender_may_not_choose_is_found_before_any_traffic() -> None:
    plan = planned(read_spec(PINNED), inventory(2)).plan
    (probe,) = plan[0].probes
    check_workers([probe], {slot: ready(slot) for slot in probe.pair})
    sender, receiver = probe.pair
    check_workers([probe], {sender: ready(sender), receiver: ready(receiver, **{"congestion-refused": "bbr"})})
    with pytest.raises(NotFit) as refused:
        check_workers([probe], {sender: ready(sender, **{"congestion-refused": "bbr vegas", "congestion": "cubic"})})
    (finding,) = refused.value.findings
    assert (finding.code, finding.subject) == ("preflight.congestion-refused", str(sender))
    assert finding.values == {"congestion": "bbr", "own": "cubic"}
