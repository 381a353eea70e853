"""The answer of a triage: one sentence, what it rests on, and the figures both ways; as text or as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from clearway.diagnose.figures import Figure
from clearway.diagnose.triage import Answer, RoadSign, Triage, TriageRow
from clearway.ledger.record import Record
from clearway.probe.json_values import VALUE
from clearway.probe.records import Pair
from clearway.report.outline import Column
from clearway.report.phrases import Phrases, rounded
from clearway.report.text import printed, table
from clearway.spec.criteria import Relation


@dataclass(frozen=True)
class TriageReport:
    record: Record
    found: Triage
    baseline: Record | None
    phrases: Phrases

    def text(self) -> str:
        """The sentence first; the rest is for those who want to know why."""
        more = [f"  {self._sign(sign)}" for sign in self.found.signs[1:]]
        return "\n".join([self.sentence, *more, "", printed([table(self._columns(), self._table())])]) + "\n"

    def json(self) -> str:
        """For scripts."""
        data = {
            "format": 1,
            "run": self.record.manifest.run,
            "baseline": None if self.baseline is None else self.baseline.manifest.run,
            "answer": self.found.answer.value,
            "sentence": self.sentence,
            "signs": [self._sign_data(sign) for sign in self.found.signs],
            "figures": [_row_data(row) for row in self.found.rows],
        }
        return json.dumps(data, ensure_ascii=False, indent=2, allow_nan=False) + "\n"

    @property
    def sentence(self) -> str:
        """Is it the road or the application."""
        if self.found.answer is Answer.ROAD and self.found.signs:
            more = len(self.found.signs) - 1
            return self.phrases.say("triage.road", sign=self._sign(self.found.signs[0]), count=more, more=more or None)
        if self.found.answer is Answer.APPLICATION:
            first, second = self.record.spec.nodes
            run = None if self.baseline is None else self.baseline.manifest.run
            return self.phrases.say("triage.application", first=first, second=second, run=run)
        return self.phrases.say("triage.unknown", why=self._open())

    def _open(self) -> str:
        """The first thing that could not be decided."""
        for judged, subject in self.found.open:
            pair = next(pair for pair in judged.pairs if pair.subject == subject)
            measure = self.phrases.measure(judged.criterion.metric, judged.criterion.statistic)
            line = self.phrases.pair(pair, judged.criterion)
            return self.phrases.say("triage.open", measure=measure, line=line)
        return self.phrases.say("claim.nothing-measured")

    def _sign(self, sign: RoadSign) -> str:
        pair = self.phrases.subject(sign.pair)
        measure = self.phrases.measure(sign.figure.metric, sign.figure.statistic)
        if sign.value is None:
            why = ", ".join(map(self.phrases.because, sign.reasons))
            return self.phrases.say("triage.sign-dead", pair=pair, why=why)
        value = rounded(sign.figure.metric.name, sign.value)
        if sign.criterion is None:
            assert sign.usual is not None, "a sign without a criterion comes from the baseline"
            usual = rounded(sign.figure.metric.name, sign.usual)
            return self.phrases.say("triage.sign-baseline", pair=pair, measure=measure, value=value, usual=usual)
        side = "at-least" if sign.criterion.relation is Relation.AT_LEAST else "at-most"
        value, limit = self.phrases.beside_limit(sign.criterion, sign.value)
        return self.phrases.say(f"triage.sign-{side}", pair=pair, measure=measure, value=value, limit=limit)

    def _sign_data(self, sign: RoadSign) -> dict[str, Any]:
        found = {"value": sign.value, "baseline": sign.usual}
        return {
            **_where(sign.test, sign.figure, sign.pair),
            **{name: VALUE.encode(value) for name, value in found.items() if value is not None},
            "criterion": None if sign.criterion is None else sign.criterion.text,
            "sentence": self._sign(sign),
        }

    @property
    def _pairs(self) -> tuple[Pair, ...]:
        return tuple(dict.fromkeys(row.pair for row in self.found.rows))

    def _columns(self) -> Iterator[Column]:
        for name in ("test", "figure"):
            yield Column(self.phrases.say(f"column.{name}"), words=True)
        for pair in map(self.phrases.subject, self._pairs):
            yield Column(pair, words=False)
            if self.baseline is not None:
                yield Column(self.phrases.say("column.baseline"), words=False)

    def _table(self) -> Iterator[tuple[str, ...]]:
        """A line for each figure; the test's name stands once."""
        lines: dict[tuple[str, Figure], dict[Pair, TriageRow]] = {}
        for row in self.found.rows:
            lines.setdefault((row.test, row.figure), {})[row.pair] = row
        last = None
        for (test, figure), by_pair in lines.items():
            cells = [cell for pair in self._pairs for cell in self._cells(by_pair, pair)]
            yield ("" if test == last else test, self.phrases.measure(figure.metric, figure.statistic), *cells)
            last = test

    def _cells(self, rows: Mapping[Pair, TriageRow], pair: Pair) -> Iterator[str]:
        row = rows.get(pair)
        values = (None, None) if row is None else (row.value, row.usual)
        for value in values if self.baseline is not None else values[:1]:
            yield "" if value is None or row is None else rounded(row.figure.metric.name, value)


def _row_data(row: TriageRow) -> dict[str, Any]:
    found = {"value": row.value, "baseline": row.usual}
    encoded = {name: VALUE.encode(value) for name, value in found.items() if value is not None}
    return {**_where(row.test, row.figure, row.pair), **encoded}


def _where(test: str, figure: Figure, pair: Pair) -> dict[str, str]:
    return {
        "test": test,
        "metric": figure.metric.name,
        "statistic": figure.statistic,
        "sender": str(pair[0]),
        "receiver": str(pair[1]),
    }
