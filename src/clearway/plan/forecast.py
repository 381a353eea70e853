"""What a plan will cost, before anything is started."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from clearway.base.units import Duration, Size
from clearway.plan.model import Links, Plan
from clearway.plan.pace import stated_rate
from clearway.plan.schedule import known_links
from clearway.plan.unseen import unseen
from clearway.probe.parameters import RoundTripParameters
from clearway.probe.records import Inventory, Probe, Reason, Role, Round
from clearway.spec.model import Spec

HANDING_OUT = Duration(2.5)
"""What a round takes besides its load: handing out, the instant, gathering. Measured on the lab; a guess
elsewhere."""


@dataclass(frozen=True, slots=True)
class CostOfTest:
    name: str
    rounds: int
    probes: int
    """Background included."""
    pairs: int
    """Distinct ordered pairs, judged or only reported."""
    time: Duration
    traffic: Size | None
    """At most this much; None where a link's rate or the tool's own pace decides and isn't known."""


@dataclass(frozen=True, slots=True)
class Busiest:
    node: str
    probes: int
    """Probes that it takes part in."""


@dataclass(frozen=True, slots=True)
class Forecast:
    tests: tuple[CostOfTest, ...]
    busiest: Busiest | None
    """None: nothing will be measured."""
    unseen: tuple[Reason, ...]
    """Kinds of faults that the plan can't show."""

    @property
    def rounds(self) -> int:
        return sum(test.rounds for test in self.tests)

    @property
    def probes(self) -> int:
        return sum(test.probes for test in self.tests)

    @property
    def time(self) -> Duration:
        return Duration(sum(test.time.si for test in self.tests))

    @property
    def traffic(self) -> Size:
        """Of the tests whose traffic is known."""
        return Size(sum(test.traffic.si for test in self.tests if test.traffic))

    @property
    def unknown(self) -> tuple[str, ...]:
        """Tests whose traffic isn't in the total."""
        return tuple(test.name for test in self.tests if test.traffic is None)


def forecast(plan: Plan, spec: Spec, inventory: Inventory) -> Forecast:
    """First tries only: retries of void probes and repeats of undecided pairs come on top."""
    known = known_links(spec, inventory)
    by_test = {test.name: [round_ for round_ in plan.rounds if round_.test == test.name] for test in spec.tests}
    tests = tuple(_cost(name, rounds, known, spec.gap) for name, rounds in by_test.items())
    taking_part = Counter(node for probe in plan.probes for node in {probe.client.node: 0, probe.server.node: 0})
    # Of nodes with as many probes, the one met first.
    busiest = Busiest(*taking_part.most_common(1)[0]) if taking_part else None
    return Forecast(tests, busiest, unseen(spec, plan, inventory))


def _cost(name: str, rounds: list[Round], known: Links, gap: Duration) -> CostOfTest:
    probes = [probe for round_ in rounds for probe in round_.probes]
    return CostOfTest(
        name=name,
        rounds=len(rounds),
        probes=len(probes),
        pairs=len({probe.pair for probe in probes if probe.role is not Role.BACKGROUND}),
        time=Duration(sum(_time(round_, gap).si for round_ in rounds)),
        traffic=_sum(_traffic(round_, known) for round_ in rounds),
    )


def _time(round_: Round, gap: Duration) -> Duration:
    return max(probe.window.end for probe in round_.probes) + gap + HANDING_OUT


def _traffic(round_: Round, known: Links) -> Size | None:
    """Probes that take what they get share a link where they leave from, or arrive at, one node."""
    greedy = [probe for probe in round_.probes if stated_rate(probe) is None]
    leaving = Counter(probe.source.node for probe in greedy)
    arriving = Counter(probe.target.node for probe in greedy)
    return _sum(
        _size(probe, known, max(1, leaving[probe.source.node], arriving[probe.target.node])) for probe in round_.probes
    )


def _size(probe: Probe, known: Links, sharing: int) -> Size | None:
    rate = stated_rate(probe)
    if rate is None and not isinstance(probe.parameters, RoundTripParameters):
        link = known.between(probe.pair)
        rate = link * (1 / sharing) if link else None
    return rate.times(probe.window.end) if rate else None


def _sum(sizes: Iterable[Size | None]) -> Size | None:
    known = list(sizes)
    return None if None in known else Size(sum(size.si for size in known if size))
