"""A place with what was measured through it and elsewhere: what the rules about causes read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median, quantiles

from clearway.base.units import Rate, Ratio
from clearway.diagnose.flows import shown_by
from clearway.diagnose.places import road_of, surroundings_of
from clearway.ledger.record import Record
from clearway.probe.measurement import Counters, TcpSockets
from clearway.probe.metrics import THROUGHPUT
from clearway.probe.records import Reason, Trial
from clearway.verdict.suspect import Confirmation, Place, PlaceKind
from clearway.verdict.trials import TrialIndex

_OF_NODES = (PlaceKind.LINK, PlaceKind.SENDS, PlaceKind.RECEIVES)
_OFTEN, _SELDOM = 0.5, 0.1
"""Share of the attempts in which a counter rises, at the place and elsewhere: what rises everywhere is no cause."""


@dataclass(frozen=True, slots=True)
class Risen:
    """A counter that rose at a node of the place and hardly anywhere else."""

    node: str
    counter: str
    count: int
    """In all attempts together."""


@dataclass(frozen=True, slots=True)
class Used:
    """A share of a node's time or CPUs: the median of its attempts."""

    node: str
    share: float
    elsewhere: float | None
    """The median of the other nodes; None: it is not known."""

    def reason(self, code: str) -> Reason:
        usual = None if self.elsewhere is None else Ratio(self.elsewhere)
        return Reason(code, {"node": self.node, "share": Ratio(self.share), "elsewhere": usual})


@dataclass(frozen=True)
class Case:
    record: Record
    place: Place
    standing: Confirmation = Confirmation.SEEN

    @property
    def nodes(self) -> tuple[str, ...]:
        """Those that are suspected themselves; none of a zone or a machine."""
        return self.place.names if self.place.kind in _OF_NODES else ()

    @cached_property
    def attempts(self) -> Sequence[Trial]:
        """Everything whose data was to go through the place, void or not."""
        return [trial for trial in self._all if self._meets(trial)]

    @cached_property
    def through(self) -> Sequence[Trial]:
        """Those of them that measured."""
        return list(filter(self.record.derived(TrialIndex).is_figure, self.attempts))

    @cached_property
    def elsewhere(self) -> Sequence[Trial]:
        """Those whose data did not go through it, and that measured."""
        index = self.record.derived(TrialIndex)
        return [trial for trial in self._all if not self._meets(trial) and index.is_figure(trial)]

    @cached_property
    def flows(self) -> Mapping[str, Mapping[str, object]]:
        """What the flows of its attempts show: codes of findings with the values of the worst attempt."""
        return shown_by(self.through)

    def counters_of(self, node: str) -> list[Counters]:
        """What its workers counted in the attempts through the place."""
        return [counters for name, counters in _counters(self.attempts) if name == node]

    @cached_property
    def other_counters(self) -> Sequence[Counters]:
        """What workers of nodes that are not suspected counted in the attempts elsewhere."""
        return [counters for name, counters in _counters(self.elsewhere) if name not in self.nodes]

    def used(self, part: Callable[[Counters], float | None]) -> Iterator[Used]:
        """What each node of the place uses, and what the others do. Nothing of nodes of which it is not known."""
        elsewhere = _typical_part(self.other_counters, part)
        for node in self.nodes:
            if (share := _typical_part(self.counters_of(node), part)) is not None:
                yield Used(node, share, elsewhere)

    def risen(self, is_wanted: Callable[[str], bool]) -> Risen | None:
        """The counter of this kind that rose in half of a node's attempts, and elsewhere in hardly any."""
        usual = _times(self.other_counters, is_wanted)
        for node in self.nodes:
            seen = self.counters_of(node)
            for name, times in _times(seen, is_wanted).most_common():
                if times >= _OFTEN * len(seen) and usual[name] <= _SELDOM * len(self.other_counters):
                    return Risen(node, name, sum((one.network or {}).get(name, 0) for one in seen))
        return None

    @cached_property
    def _all(self) -> Sequence[Trial]:
        """But of tests during which nodes are broken on purpose."""
        tests = {test.name for test in self.record.spec.tests if test.when != "failing"}
        return [trial for trial in self.record.trials if trial.probe.test in tests]

    def _meets(self, trial: Trial) -> bool:
        surroundings = self.record.derived(surroundings_of)
        return self.place in surroundings.places_on(road_of(trial.probe.pair))


def typical(values: Sequence[float]) -> float | None:
    return median(values) if values else None


def rates(trials: Sequence[Trial]) -> list[float]:
    """Throughput of the bulk TCP among them, bit/s."""
    means = (THROUGHPUT.value(trial, "mean") for trial in trials if trial.probe.parameters.kind == "tcp")
    return [mean for mean in means if mean is not None]


def sockets(trials: Iterable[Trial]) -> list[TcpSockets]:
    """What the senders' kernels know of the sockets of the bulk TCP among them."""
    counted = (trial.send.counters for trial in trials if trial.send is not None)
    return [one.tcp_sockets for one in counted if one is not None and one.tcp_sockets is not None]


_ALIKE = 0.15
"""Distance of the quartiles, as a share of the middle: what a limit shapes differs less than free traffic."""
_FEWEST = 4
"""Values from which quartiles say something."""


def common_rate(trials: Sequence[Trial]) -> Rate | None:
    """What the bulk TCP among them carries, if it is nearly the same."""
    values = rates(trials)
    if len(values) < _FEWEST:
        return None
    low, middle, high = quantiles(values, n=4)
    return Rate(middle) if high - low <= _ALIKE * middle else None


def _counters(trials: Sequence[Trial]) -> Iterator[tuple[str, Counters]]:
    for trial in trials:
        for slot, half in ((trial.probe.client, trial.send), (trial.probe.server, trial.serve)):
            if half is not None and half.counters is not None:
                yield slot.node, half.counters


def _times(seen: Iterable[Counters], is_wanted: Callable[[str], bool]) -> Counter[str]:
    """In how many attempts each counter rose."""
    return Counter(name for one in seen for name in one.network or {} if is_wanted(name))


def _typical_part(seen: Iterable[Counters], part: Callable[[Counters], float | None]) -> float | None:
    return typical([value for one in seen if (value := part(one)) is not None])
