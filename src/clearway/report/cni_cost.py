"""What a cluster's pod network costs: a run on pods beside a run on the same hosts, figure by figure.

Pairs are matched by the names of their nodes. Where no pair of a test was measured in both runs, the medians over
all pairs stand beside each other, and a remark says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from clearway.base.errors import UsageError
from clearway.base.units import Count, Quantity, Ratio
from clearway.ledger.record import Record
from clearway.probe.metrics import Better
from clearway.probe.records import Finding, Pair, Severity
from clearway.report.figures import Figure, PairFigures, pair_figures, shown_figures
from clearway.spec.model import Test

_ONLY_JUDGED = {"accept", "repeats", "name"}
"""Fields of a test that change nothing of how a pair is measured."""


@dataclass(frozen=True, slots=True)
class Cost:
    """One figure on hosts and on pods, of one pair or (None) the median over the pairs compared."""

    test: str
    figure: Figure
    pair: Pair | None
    hosts: Quantity
    pods: Quantity

    @property
    def share(self) -> Ratio | None:
        """How much worse pods are, of what hosts have; below 0 they are better.

        None for what comes by chance (segments lost, retransmits): twice next to nothing is no cost.
        """
        if isinstance(self.hosts, Count | Ratio) or self.hosts.si == 0:
            return None
        change = self.pods.over(self.hosts) - 1
        return Ratio(-change if self.figure.metric.better is Better.HIGHER else change)


@dataclass(frozen=True, slots=True)
class Comparison:
    hosts: str
    """Id of the run on hosts."""
    pods: str
    costs: tuple[Cost, ...]
    """By test and figure: the median first, then each pair."""
    remarks: tuple[Finding, ...]


def compare(hosts: Record, pods: Record) -> Comparison:
    """Raises UsageError if one was not measured where it has to be, or if they have no figure in common."""
    _require(hosts, "host", "cni.not-on-hosts")
    _require(pods, "pod", "cni.not-on-pods")
    there = {test.name: test for test in pods.spec.tests}
    beside = [
        _Beside(test, _by_pair(hosts, test), _by_pair(pods, there[test.name]))
        for test in hosts.spec.tests
        if test.name in there and test.protocol == there[test.name].protocol
    ]
    costs = tuple(cost for one in beside for cost in one.costs())
    if not costs:
        raise UsageError("cni.nothing-in-common", hosts=hosts.manifest.run, pods=pods.manifest.run)
    remarks = (*_differences(beside, there), *(remark for one in beside for remark in one.remarks()))
    return Comparison(hosts.manifest.run, pods.manifest.run, costs, remarks)


def _require(record: Record, network: str, code: str) -> None:
    if {worker.network for worker in record.workers} != {network}:
        raise UsageError(code, run=record.manifest.run, site=record.manifest.site)


def _by_pair(record: Record, test: Test) -> Mapping[Pair, PairFigures]:
    return {found.pair: found for found in pair_figures(record, test)}


@dataclass(frozen=True, slots=True)
class _Beside:
    """One test in both runs."""

    test: Test
    hosts: Mapping[Pair, PairFigures]
    pods: Mapping[Pair, PairFigures]

    @property
    def common(self) -> tuple[Pair, ...]:
        return tuple(pair for pair in self.hosts if pair in self.pods)

    def costs(self) -> Iterator[Cost]:
        pairs = self.common
        for figure in shown_figures(self.test):
            on_hosts = _values(figure, [self.hosts[pair] for pair in pairs or self.hosts])
            on_pods = _values(figure, [self.pods[pair] for pair in pairs or self.pods])
            if not on_hosts or not on_pods:
                continue
            yield Cost(self.test.name, figure, None, _median(figure, on_hosts), _median(figure, on_pods))
            for pair in pairs:
                if pair in on_hosts and pair in on_pods:
                    yield Cost(self.test.name, figure, pair, on_hosts[pair], on_pods[pair])

    def remarks(self) -> Iterator[Finding]:
        common, known = len(self.common), len({*self.hosts, *self.pods})
        if known and not common:
            yield Finding("cni.no-pair-in-common", Severity.WARNING, self.test.name)
        elif common < known:
            yield Finding("cni.pairs-left-out", Severity.INFO, self.test.name, {"common": common, "pairs": known})


def _values(figure: Figure, pairs: Sequence[PairFigures]) -> dict[Pair, Quantity]:
    return {found.pair: found.values[figure.name] for found in pairs if figure.name in found.values}


def _median(figure: Figure, values: Mapping[Pair, Quantity]) -> Quantity:
    return figure.metric.unit(median(value.si for value in values.values()))


def _differences(beside: Sequence[_Beside], there: Mapping[str, Test]) -> Iterator[Finding]:
    """Two tests of one name that did not do the same."""
    for one in beside:
        fields = set(Test.model_fields) - _ONLY_JUDGED
        other = there[one.test.name]
        if unlike := sorted(name for name in fields if getattr(one.test, name) != getattr(other, name)):
            named = tuple(Test.model_fields[name].alias or name for name in unlike)
            yield Finding("cni.tests-differ", Severity.WARNING, one.test.name, {"fields": named})
