"""What is said of path MTUs: places that many roads have in common, and nothing that is not known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from clearway.base.units import Size
from clearway.campaign.next import next_round
from clearway.diagnose import diagnose
from clearway.diagnose.causes.black_hole import black_hole
from clearway.diagnose.causes.case import Case
from clearway.diagnose.path_mtu import path_mtu_findings
from clearway.ledger.record import Record
from clearway.probe.observations import PATH_MTU_NOT_PROBED
from clearway.probe.path_mtu import RoadMtu, RoadState
from clearway.probe.records import Finding, Outcome, Reason, Severity, Slot, Worker
from clearway.verdict.judge import judge
from clearway.verdict.model import PairState, State
from clearway.verdict.suspect import Place, PlaceKind
from making import after, inventory, measured, planned, tcp_spec, void

NODES = 5
FULL, LESS = Size(1500), Size(1400)


def road(sender: int, receiver: int, largest: Size | None = FULL, reported: Size | None = None) -> RoadMtu:
    return RoadMtu(Slot(f"node-{sender}"), Slot(f"node-{receiver}"), "ipv4", FULL, largest, reported, settled=True)


def record_with(*changed: RoadMtu, mtus: Iterable[int] = ()) -> Record:
    """A planned run of five nodes whose other roads are whole."""
    roads = {one.road: one for one in (road(*pair) for pair in permutations(range(1, NODES + 1), 2))}
    roads |= {one.road: one for one in changed}
    workers = tuple(Worker(Slot(f"node-{n}"), (f"10.0.0.{n}",), mtu, (20_000,)) for n, mtu in enumerate(mtus, 1))
    planned_ = planned(tcp_spec("path-mtu >= 1450 B"), inventory(NODES))
    return replace(planned_, observations=tuple(one.seen(0.0) for one in roads.values()), workers=workers)


def found(record: Record) -> list[Finding]:
    return list(path_mtu_findings(record))


def test_nothing_is_said_of_whole_roads() -> None:
    assert found(record_with(mtus=[1500] * NODES)) == []


def test_a_black_hole_is_named_with_its_road_direction_and_size() -> None:
    (finding,) = found(record_with(road(1, 2, LESS)))
    assert (finding.code, finding.severity) == ("path-mtu.black-hole", Severity.ERROR)
    place = Reason("place.link", {"sender": "node-1", "receiver": "node-2"})
    assert finding.values == {"place": place, "size": 1400, "tried": 1500}


def test_all_that_a_node_receives_is_one_finding() -> None:
    (finding,) = found(record_with(*(road(n, 3, LESS) for n in (1, 2, 4, 5))))
    assert finding.values["place"] == Reason("place.receives", {"name": "node-3"})


def test_all_that_a_node_sends_is_one_finding_beside_another_road() -> None:
    findings = found(record_with(*(road(3, n, LESS) for n in (1, 2, 4, 5)), road(1, 2, Size(1300))))
    assert [one.values["place"].code for one in findings] == ["place.sends", "place.link"]


def test_a_cluster_whose_tunnel_carries_less_than_its_pods_send_is_one_finding() -> None:
    pairs = permutations(range(1, NODES + 1), 2)
    (finding,) = found(record_with(*(road(*pair, largest=Size(1450)) for pair in pairs)))
    assert finding.values == {"place": Reason("place.everywhere", {"count": 20}), "size": 1450, "tried": 1500}


def test_what_is_reported_is_a_warning_and_no_black_hole() -> None:
    (finding,) = found(record_with(road(1, 2, LESS, reported=LESS)))
    assert (finding.code, finding.severity) == ("path-mtu.reduced", Severity.WARNING)


def test_a_router_that_reports_once_a_second_makes_no_black_holes_of_the_other_roads() -> None:
    findings = found(record_with(road(1, 2, LESS, reported=LESS), road(1, 3, LESS), road(2, 3, LESS)))
    assert [one.code for one in findings] == ["path-mtu.black-hole", "path-mtu.reduced", "path-mtu.reduced"]
    assert findings[0].values["place"].values == {"sender": "node-2", "receiver": "node-3"}


def test_nodes_with_another_mtu_are_named() -> None:
    (finding,) = found(record_with(mtus=[1500, 1500, 1400, 1500, 1400]))
    assert finding.code == "path-mtu.mixed"
    values = {"nodes": ("node-3", "node-5"), "count": 2, "mtu": 1400, "usual": 1500, "others": 3}
    assert finding.values == values


def test_silence_and_chance_are_no_black_holes() -> None:
    unsettled = replace(road(2, 1, LESS), settled=False)
    findings = found(record_with(road(1, 2, None), unsettled))
    assert {one.code for one in findings} == {"path-mtu.silent", "path-mtu.open"}


def test_a_worker_that_did_not_probe_is_named() -> None:
    cause = Reason("run.no-answer")
    record = record_with()
    missing = PATH_MTU_NOT_PROBED.seen("node-1/0", 0.0, {"cause": cause})
    (finding,) = found(replace(record, observations=(*record.observations, missing)))
    assert (finding.code, finding.subject, finding.values) == ("path-mtu.not-probed", "node-1/0", {"cause": cause})


@given(st.integers(68, 9000), st.none() | st.integers(1, 9000), st.none() | st.integers(1, 9000), st.booleans())
def test_an_mtu_is_known_only_where_the_search_came_to_its_end(
    tried: int, largest: int | None, reported: int | None, settled: bool
) -> None:
    found_size, said = (None if size is None else Size(size) for size in (largest, reported))
    one = RoadMtu(Slot("a"), Slot("b"), "ipv4", Size(tried), found_size, said, settled)
    if one.mtu is None:
        assert largest is None or (largest < tried and not settled)
    else:
        assert one.mtu == Size(largest or 0)
    assert (one.state is RoadState.BLACK_HOLE) == (
        largest is not None and largest < tried and settled and (reported is None or reported > largest)
    )


def judged(record: Record) -> dict[str, PairState]:
    """Where each sender's pair stands once all rounds were measured."""
    while (round_ := next_round(record)) is not None:
        record = after(record, [round_], lambda round_, probe: measured(round_, probe, 9e8))
    (criterion,) = judge(record).criteria
    standing = {str(one.subject[0]): one.standing for one in criterion.pairs if not isinstance(one.subject, str)}
    return {**standing, "state": PairState.BREAKS if criterion.state is State.FAIL else PairState.UNDECIDED}


def test_a_criterion_is_judged_by_what_was_found_and_what_is_not_known_is_undecided() -> None:
    record = record_with()
    sender, receiver = next(probe.pair for round_ in record.plan for probe in round_.probes)
    here = (int(sender.node[-1]), int(receiver.node[-1]))
    assert set(judged(record_with()).values()) - {PairState.UNDECIDED} == {PairState.HOLDS}
    assert judged(record_with(road(*here, LESS)))[str(sender)] is PairState.BREAKS
    assert judged(record_with(road(*here, None)))[str(sender)] is PairState.UNDECIDED
    assert judged(replace(record, observations=()))[str(sender)] is PairState.UNDECIDED


def test_a_road_that_carries_nothing_breaks_by_its_path_mtu_where_that_is_known() -> None:
    record = record_with()
    (pair, *_) = (probe.pair for round_ in record.plan for probe in round_.probes)
    here = (int(pair[0].node[-1]), int(pair[1].node[-1]))
    for largest, code in ((LESS, "verdict.below-limit"), (None, "verdict.unreachable")):
        found_ = record_with(road(*here, largest))
        rounds = found_.plan[:1]
        ended = after(found_, rounds, lambda round_, probe: void(round_, probe, Outcome.UNREACHABLE))
        (criterion,) = judge(ended).criteria
        (one,) = (one for one in criterion.pairs if one.subject == pair)
        assert (one.standing, one.reasons[0].code) == (PairState.BREAKS, code)


def test_a_black_hole_is_the_cause_of_a_suspect_road() -> None:
    place = Place(PlaceKind.LINK, ("node-1", "node-2"))
    assert black_hole(Case(record_with(road(1, 2, LESS)), place)) == Reason("cause.black-hole", {"size": 1400})
    assert black_hole(Case(record_with(road(2, 1, LESS)), place)) is None


def test_the_findings_of_a_run_have_it() -> None:
    record = record_with(road(1, 2, LESS))
    assert "path-mtu.black-hole" in {one.code for one in diagnose(record, judge(record)).findings}
