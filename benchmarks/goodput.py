"""TCP goodput against arithmetic: a shaped link carries rate x (MTU - headers) / (MTU + Ethernet header)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.flow import Beside, Moment, WitnessedLab, accepted, wait_until
from clearway.base.units import Duration, Rate, Size
from clearway.ledger.record import Record
from clearway.probe.records import Slot
from clearway.site.lab.model import LabSpec, Link, LinkException
from clearway.verdict.judge import judge
from clearway.verdict.model import PairValue, TestVerdict
from clearway.verdict.trials import TrialIndex
from scripts.goal import Goal

TITLE = "TCP goodput against what the shaped link can carry"

HEADERS = {4: 20 + 20 + 12, 6: 40 + 20 + 12}
"""IP, TCP and its timestamps, by family; byte."""
ETHERNET = 14
"""What a frame adds as the shaper counts it; byte."""

GOAL = Goal(0.99, 1.01)
STARVED = 0.8
"""Share of its rate below which a link shows nothing but a machine that stood still."""

SLOW_PAIRS = LabSpec(
    nodes=4,
    zones=2,
    exceptions=tuple(LinkException(node=f"node-{n}", rate=Rate(1e7 if n <= 2 else 1e8)) for n in (1, 2, 3, 4)),
)
"""A pair at 10 Mbit/s and one at 100 Mbit/s: together they leave the machine idle."""
FAST_PAIR = LabSpec(nodes=2, zones=1, link=Link(rate=Rate(1e9)))
V6_PAIR = LabSpec(nodes=2, zones=1, ip=6, link=Link(rate=Rate(1e8)))


_CUBIC = "congestion: cubic"
"""It keeps the shaper's queue from running empty, so that the shaper alone sets the rate."""
_LONG = "duration: 10s, warm-up: 2s"


@dataclass(frozen=True)
class Reached:
    """What clearway judged one pair by, beside what its link can carry, and did."""

    test: str
    link: Rate
    judged: Rate
    theory: Rate
    """Payload at the link's rate."""
    carried: Rate
    """Payload in what the shaper let through meanwhile, by its own counter: less than the link's rate if it starved."""
    cpu_busy: float
    """Busy share of the machine meanwhile, 0 to 1; what its host took from it counts as busy."""

    @property
    def share(self) -> float:
        return self.judged.over(self.theory)

    @property
    def story(self) -> str:
        """For whoever reads a failure."""
        figures = f"{self.share:.4f} of theory, {self.judged.over(self.carried):.4f} of what the shaper let through"
        starved = "; THE MACHINE STARVED THE LINK" if self.carried < self.theory * 0.995 else ""
        return f"{self.test}, {self.link}: {figures}, CPU {self.cpu_busy:.0%} busy{starved}"


def payload_share(lab: LabSpec) -> float:
    """Of full frames on the lab's links."""
    return (lab.link.mtu - HEADERS[lab.ip]) / (lab.link.mtu + ETHERNET)


async def reached(folder: Path, lab: LabSpec, tests: Sequence[str]) -> list[Reached]:
    """Every pair of the lab under each of the tests (`streams: 8, ...`), 10 s after 2 s of warm-up."""
    site, shapers = WitnessedLab(lab), Shapers()
    record = await accepted(folder, _spec(tests), site, Beside(site, as_begun=shapers.watch))
    return [found for test in judge(record).tests for found in _pairs(record, lab, shapers, test)]


@dataclass
class Shapers:
    """What the shapers towards the nodes let through inside the window of each test."""

    _passed: dict[tuple[str, str], Rate] = field(default_factory=dict)

    async def watch(self, site: WitnessedLab, moment: Moment) -> None:
        window = moment.round.probes[0].window
        readings = []
        for after in (window.warm_up, window.end):
            await wait_until(moment.instant + after.si)
            readings.append(await _read(site))
        (begun, before), (ended, after_it) = readings
        for device, size in after_it.items():
            self._passed[moment.round.test, device] = (size - before[device]).per(Duration(ended - begun))

    def towards(self, test: str, node: str) -> Rate:
        return self._passed[test, node.replace("node", "port")]


async def _read(site: WitnessedLab) -> tuple[float, dict[str, Size]]:
    """The time, and bytes by device in the fabric."""
    stamp, _, listing = (await site.told(None, ("sh", "-c", "date +%s.%N; tc -s -j qdisc show"))).partition("\n")
    return float(stamp), {one["dev"]: Size(one["bytes"]) for one in json.loads(listing) if one["kind"] == "tbf"}


def _spec(tests: Sequence[str]) -> str:
    once = "repeats: {max: 1}"
    shared = f'protocol: tcp, {_CUBIC}, direction: forward, {_LONG}, {once}, accept: ["throughput >= 90 % of link"]'
    return "\n".join(["version: 1", "seed: 1", "tests:", *(f"- {{name: {_name(t)}, {t}, {shared}}}" for t in tests)])


def _name(test: str) -> str:
    return test.translate(str.maketrans(" ", "-", ":,"))


def _pairs(record: Record, lab: LabSpec, shapers: Shapers, test: TestVerdict) -> Iterator[Reached]:
    index = TrialIndex(record)
    for pair in test.criteria[0].pairs:
        sender, receiver = _slots(pair)
        link = index.link((sender, receiver))
        assert link is not None
        assert isinstance(pair.value, Rate), (test.name, pair.reasons)
        yield Reached(
            test=test.name,
            link=link,
            judged=pair.value,
            theory=link * payload_share(lab),
            carried=shapers.towards(test.name, receiver.node) * payload_share(lab),
            cpu_busy=_busy(index, test.name, (sender, receiver)),
        )


def _slots(pair: PairValue) -> tuple[Slot, Slot]:
    assert not isinstance(pair.subject, str)
    return pair.subject


def _busy(index: TrialIndex, test: str, pair: tuple[Slot, Slot]) -> float:
    (trial,) = index.measured(test, pair)
    assert trial.serve is not None
    assert trial.serve.counters is not None
    return trial.serve.counters.cpu_busy or 0.0


async def figures(folder: Path) -> list[Figure]:
    slow = await reached(folder / "slow", SLOW_PAIRS, ("streams: 1", "streams: 8"))
    fast = await reached(folder / "fast", FAST_PAIR, ("streams: 8",))
    return [figure for one in (*slow, *fast) for figure in _figures(one)]


def _figures(one: Reached) -> Iterator[Figure]:
    name, note = f"{one.link}, {one.test}", f"CPU {one.cpu_busy:.0%} busy"
    yield Figure(name, one.share, "of theory", (one.share,), GOAL, note)
    carried = one.judged.over(one.carried)
    yield Figure(name, carried, "of the shaper's count", (carried,), GOAL)
