"""The criteria of a page with their pairs, found in all of its documents at the same place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from clearway.base.units import Quantity
from clearway.probe.metrics import METRICS, Better, Metric
from clearway.report.document import CriterionPart, PairPart, TestPart
from clearway.report.page.scale import Scale
from clearway.report.page.voices import Text, Voices
from clearway.report.phrases import rounded
from clearway.verdict.model import PairState, State

WORST_FIRST = (State.FAIL, State.INCONCLUSIVE, State.PASS, State.MEASURED)


@dataclass(frozen=True)
class JudgedCriterion:
    """One criterion of one test."""

    voices: Voices
    test_index: int
    index: int

    @property
    def test(self) -> TestPart:
        return self.voices.first.tests[self.test_index]

    @property
    def part(self) -> CriterionPart:
        return self.test.criteria[self.index]

    @property
    def metric(self) -> Metric:
        return METRICS[self.part.metric]

    @property
    def is_floor(self) -> bool:
        """Whether values below the limit miss it."""
        return self.part.relation == ">="

    @property
    def measure(self) -> Text:
        return self.voices.phrased(lambda phrases: phrases.measure(self.metric, self.part.statistic))

    @cached_property
    def name(self) -> Text:
        """Of its measure; with its test where others measure the same."""
        same = [
            other
            for test in self.voices.first.tests
            for other in test.criteria
            if (other.metric, other.statistic) == (self.part.metric, self.part.statistic)
        ]
        if len(same) == 1:
            return self.measure
        return self.voices.say("page.measure-of-test", measure=self.measure, test=self.test.name)

    @property
    def sentence(self) -> Text:
        return self.voices.each(lambda document: document.tests[self.test_index].criteria[self.index].sentence)

    @property
    def counts(self) -> Text:
        return self.voices.each(lambda document: document.tests[self.test_index].criteria[self.index].counts)

    @property
    def worst(self) -> PairPart | None:
        """The worst pair; of those that are undecided, one that has a value."""
        pairs = self.part.pairs
        if not pairs or pairs[0].standing is PairState.BREAKS:
            return pairs[0] if pairs else None
        return next((pair for pair in pairs if pair.value is not None), pairs[0])

    @property
    def worst_subject(self) -> Text:
        """The worst pair by its name."""
        index = next(at for at, pair in enumerate(self.part.pairs) if pair is self.worst)
        return self.voices.each(
            lambda document: document.tests[self.test_index].criteria[self.index].pairs[index].subject
        )

    @property
    def limits(self) -> tuple[Quantity, ...]:
        """Each once: they differ where a limit is a share of the link."""
        known = (pair.limit for pair in self.part.pairs)
        return tuple(dict.fromkeys(limit for limit in known if limit is not None))

    @cached_property
    def scale(self) -> Scale:
        """Fits the values; where all are 0, the limits."""
        values = [pair.value for pair in self.part.pairs if pair.value is not None]
        return Scale.of(values if any(value.si for value in values) else self.limits or values)

    def pair_text(self, index: int) -> Text:
        """How the pair with this index stands, in a sentence."""
        return self.voices.each(
            lambda document: document.tests[self.test_index].criteria[self.index].pairs[index].sentence
        )

    def count(self, standing: PairState) -> int:
        return sum(pair.standing is standing for pair in self.part.pairs)

    def shown_of(self, pair: PairPart | None) -> str | Text:
        """Its value; a pair that breaks without one is unreachable."""
        if pair is None or (pair.value is None and pair.standing is not PairState.BREAKS):
            return "-"
        return self.voices.say("page.key-unreachable") if pair.value is None else self.shown(pair.value)

    def shown(self, value: Quantity) -> str:
        return rounded(self.part.metric, value)


def judged_criteria(voices: Voices) -> Iterator[JudgedCriterion]:
    """All of them, in the order of the report."""
    for number, test in enumerate(voices.first.tests):
        for index in range(len(test.criteria)):
            yield JudgedCriterion(voices, number, index)


def is_better_higher(metric: str) -> bool:
    return METRICS[metric].better is Better.HIGHER


def node_of(slot: str) -> str:
    """The node of a slot as a document has it: `node-3/0`."""
    return slot.rpartition("/")[0] or slot


def label_of(slot: str) -> str:
    """For people: a node's first worker goes by the name of the node."""
    node, _, index = slot.rpartition("/")
    return node if node and index == "0" else slot
