"""Where a fault lies, by all figures of a run: the few places that explain which pairs are worse than the rest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from clearway.base.units import Rate
from clearway.diagnose.compared import Compared, ComparedPair, FoundPlace
from clearway.diagnose.comparisons import COMPARISONS, Comparison
from clearway.diagnose.figures import PairFigures, figures_by_test
from clearway.diagnose.places import road_of, surroundings_of
from clearway.ledger.record import Record
from clearway.probe.metrics import THROUGHPUT
from clearway.probe.records import Pair
from clearway.verdict.suspect import Place, Suspect
from clearway.verdict.trials import TrialIndex


def candidates(record: Record) -> tuple[Suspect, ...]:
    """By all tests together, the strongest first; also those that a single measurement shows."""
    found: dict[Place, list[FoundPlace]] = defaultdict(list)
    for compared in _all_compared(record):
        for shown in compared.shown:
            found[shown.place].append(shown)
    strongest_first = sorted(found, key=lambda place: -max(shown.strength for shown in found[place]))
    return tuple(_suspect(place, found[place], found) for place in strongest_first)


def _suspect(place: Place, shown: Sequence[FoundPlace], found: Iterable[Place]) -> Suspect:
    """What one test can't distinguish, another one may. A place that any figure shows is not sound."""
    near, bad = dict.fromkeys(near for one in shown for near in one.sound), set(found)
    return Suspect(
        place=place,
        signs=tuple(one.sign for one in shown),
        sound=tuple(one for one in near if one not in bad),
        alike=tuple(one for one in shown[0].alike if all(one in other.alike for other in shown)),
    )


def _all_compared(record: Record) -> Iterator[Compared]:
    """But for tests during which nodes are broken on purpose: it is known what is at fault then."""
    surroundings, figures = record.derived(surroundings_of), record.derived(figures_by_test)
    for test in record.spec.tests:
        if test.when != "failing":
            for comparison in (one for one in COMPARISONS if test.protocol in one.protocols):
                pairs = _pairs(record.derived(TrialIndex), test.name, comparison, figures[test.name])
                yield Compared(test.name, comparison, pairs, surroundings)


def _pairs(index: TrialIndex, test: str, comparison: Comparison, figures: Iterable[PairFigures]) -> list[ComparedPair]:
    name = comparison.figure.name
    known = {found.pair: (found.values[name], found.measurements) for found in figures if name in found.values}
    if comparison.figure.metric is not THROUGHPUT:
        return [ComparedPair(road_of(pair), value, count) for pair, (value, count) in known.items()]
    known |= {pair: (Rate(0), attempts) for pair, attempts in _dead(index, test) if pair not in known}
    usual = _usual(index, {pair: value.si for pair, (value, _) in known.items()})
    return [ComparedPair(road_of(pair), value, count, usual[pair]) for pair, (value, count) in known.items()]


def _dead(index: TrialIndex, test: str) -> Iterator[tuple[Pair, int]]:
    """Pairs whose road is proven dead, with the attempts at each: they carry nothing."""
    for pair in index.pairs(test):
        tried = index.attempts[test, pair]
        if index.evidence(tried).breaking:
            yield pair, len(tried)


def _usual(index: TrialIndex, rates: Mapping[Pair, float]) -> Mapping[Pair, float]:
    """What the throughput of each pair is seen as a share of: its link, or where one is not known a good pair's."""
    links = {pair: link.si for pair in rates if (link := index.link(pair)) is not None}
    if len(links) == len(rates):
        return links
    ordered = sorted(rates.values())
    return dict.fromkeys(rates, ordered[int(_GOOD * (len(ordered) - 1))] or 1.0)


_GOOD = 0.85
"""Rank of a pair that is good, even if most are not."""
