"""`max-rate`: what the probes of a round may ask of one node, so that a network in use is not filled. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from clearway.base.errors import UsageError
from clearway.base.units import Frequency, Quantity, Rate
from clearway.plan.model import Links
from clearway.probe.metrics import THROUGHPUT
from clearway.probe.parameters import HttpParameters, RoundTripParameters, TcpParameters, UdpParameters
from clearway.probe.records import Probe, Role
from clearway.spec.criteria import Criterion, LinkShare, Over
from clearway.spec.model import Test


def stated_rate(probe: Probe) -> Rate | None:
    """Payload rate that a probe offers, in its data's direction; None: as much as the path takes."""
    asked = probe.parameters
    if isinstance(asked, UdpParameters | TcpParameters):
        return asked.rate
    if isinstance(asked, HttpParameters) and isinstance(asked.rate, Frequency):
        return Rate(asked.rate.si * asked.body.si * 8)
    return None


def paced(probes: Sequence[Probe], most: Rate) -> tuple[Probe, ...]:
    """The probes of a round, of which no node sends, or receives, more than `most`.

    Bulk TCP probes share evenly what probes with a rate of their own leave over. Raises UsageError where those
    alone are too much, or where a probe can't be held back.
    """
    leaving, arriving = _NodeLoads(), _NodeLoads()
    for probe in probes:
        if isinstance(probe.parameters, RoundTripParameters):
            continue
        if isinstance(probe.parameters, HttpParameters) and probe.parameters.rate is None:
            raise UsageError("plan.cannot-pace", test=probe.test)
        leaving.take(probe.source.node, stated_rate(probe))
        arriving.take(probe.target.node, stated_rate(probe))
    for loads in (leaving, arriving):
        for node, rate in loads.stated.items():
            if rate > most:
                raise UsageError("plan.above-max-rate", test=probes[0].test, node=node, rate=rate, most=most)
    return tuple(
        _slowed(probe, min(leaving.share(probe.source.node, most), arriving.share(probe.target.node, most)))
        for probe in probes
    )


@dataclass
class _NodeLoads:
    """What one round asks of each node in one direction: sending or receiving."""

    stated: dict[str, Rate] = field(default_factory=dict)
    bulk: Counter[str] = field(default_factory=Counter)

    def take(self, node: str, rate: Rate | None) -> None:
        if rate is None:
            self.bulk[node] += 1
        else:
            self.stated[node] = Rate(self.stated.get(node, Rate(0)).si + rate.si)

    def share(self, node: str, most: Rate) -> Rate:
        """Of one bulk probe."""
        return Rate((most.si - self.stated.get(node, Rate(0)).si) / max(1, self.bulk[node]))


def _slowed(probe: Probe, share: Rate) -> Probe:
    if isinstance(probe.parameters, TcpParameters):
        return replace(probe, parameters=replace(probe.parameters, rate=share))
    return probe


def check_limits(test: Test, probes: Iterable[Probe], links: Links) -> None:
    """Raises UsageError if a pair is held below the very throughput that is asked of it."""
    asked = [one for one in test.accept if one.metric is THROUGHPUT and one.over is Over.PAIRS]
    judged = [probe for probe in probes if probe.role is Role.JUDGED and isinstance(probe.parameters, TcpParameters)]
    for criterion, probe in product(asked, judged):
        rate, limit = stated_rate(probe), _limit(criterion, links.between(probe.pair))
        if rate is not None and limit is not None and limit.si > rate.si:
            raise UsageError("plan.limit-above-max-rate", test=test.name, criterion=criterion.text, rate=rate)


def _limit(criterion: Criterion, link: Rate | None) -> Quantity | None:
    if isinstance(criterion.limit, LinkShare):
        return link * criterion.limit.share.si if link is not None else None
    return criterion.limit
