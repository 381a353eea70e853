"""The report as Markdown, for a ticket, a wiki or a job summary."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence

from clearway.ledger.record import Record
from clearway.report.compose import compose
from clearway.report.document import CriterionPart, EvidencePart, Message, ReportDocument, SummaryPart, TestPart
from clearway.report.language import Language
from clearway.report.phrases import Phrases, moment
from clearway.report.rows import SUMMARY_COLUMNS, summary_row
from clearway.verdict.model import Verdict

_PAIRS = 20
"""Pairs listed, a criterion; the JSON report has all."""
_SPECIAL = re.compile(r"([\\`*_\[\]<>|#])")


class MarkdownReport:
    """CommonMark with tables."""

    def render(self, record: Record, verdict: Verdict, language: Language) -> str:
        document = compose(record, verdict, language)
        blocks = _blocks(document, Phrases(language))
        return "\n\n".join(block for block in blocks if block) + "\n"


def _blocks(document: ReportDocument, phrases: Phrases) -> Iterator[str]:
    yield f"# {_escaped(phrases.say('report.title', title=document.title))}"
    yield f"**{document.word}** - {_escaped(document.headline)}"
    yield _escaped(
        phrases.say(
            "report.run",
            run=document.run,
            site=document.site,
            started=moment(document.started),
            version=document.version,
        )
    )
    yield from _section(phrases.say("report.claims"), [_list(document.claims)])
    yield from _section(phrases.say("report.criteria"), [_criteria(document, phrases)])
    yield from _section(phrases.say("report.pairs"), _exceptions(document, phrases))
    for test in document.tests:
        yield from _section(phrases.say("report.test", name=test.name), _test(test, phrases))
    if document.coverage is not None:
        yield from _section(phrases.say("report.coverage"), [_escaped(document.coverage.sentence)])
    yield from _section(phrases.say("report.conditions"), [_conditions(document, phrases)])
    yield from _section(phrases.say("report.findings"), [_list(_told(said, phrases) for said in document.findings)])
    yield from _section(phrases.say("report.evidence"), (_evidence(part, phrases) for part in document.evidence))
    yield from _section(phrases.say("report.notes"), [_list(document.notes)])


def _section(title: str, blocks: Iterable[str]) -> Iterator[str]:
    content = [block for block in blocks if block]
    if content:
        yield f"## {_escaped(title)}"
        yield from content


def _criteria(document: ReportDocument, phrases: Phrases) -> str:
    rows = [
        (criterion.word, f"{test.name}: {criterion.text}", f"{criterion.sentence} {criterion.counts}")
        for test in document.tests
        for criterion in test.criteria
    ]
    return _table([phrases.say(f"column.{name}") for name in ("verdict", "criterion", "value")], rows)


def _exceptions(document: ReportDocument, phrases: Phrases) -> Iterator[str]:
    for test in document.tests:
        for criterion in test.criteria:
            if criterion.exceptions:
                yield f"{_escaped(f'{test.name}: {criterion.text}')}\n\n{_list(_pairs(criterion, phrases))}"


def _pairs(criterion: CriterionPart, phrases: Phrases) -> Iterator[str]:
    exceptions = criterion.exceptions
    for pair in exceptions[:_PAIRS]:
        yield f"{pair.sentence} ({phrases.say(f'standing.{pair.standing.value}')})"
    if len(exceptions) > _PAIRS:
        yield phrases.say("report.more-pairs", count=len(exceptions) - _PAIRS)


def _test(test: TestPart, phrases: Phrases) -> Iterator[str]:
    yield _escaped(f"{test.protocol}, {test.engine}; {test.conditions}")
    yield _summary(test.summary, phrases)
    yield _list([*(said.sentence for said in test.reasons), *test.notes])


def _summary(rows: Sequence[SummaryPart], phrases: Phrases) -> str:
    header = [phrases.say(f"column.{name}") for name in SUMMARY_COLUMNS]
    return _table(header, [summary_row(row, phrases) for row in rows])


def _conditions(document: ReportDocument, phrases: Phrases) -> str:
    rows = [(condition.label, condition.value) for condition in document.conditions]
    return _table([phrases.say("column.condition"), phrases.say("column.value")], rows)


def _told(said: Message, phrases: Phrases) -> str:
    return said.sentence if said.hint is None else f"{said.sentence} {phrases.say('report.hint', text=said.hint)}"


def _evidence(part: EvidencePart, phrases: Phrases) -> str:
    head = phrases.say("report.attempt", probe=part.probe, attempt=part.attempt, half=part.half, sentence=part.sentence)
    quoted = "\n".join(f"    {line}" for line in (f"$ {shlex.join(part.argv)}", *part.tail.splitlines()))
    return f"{_escaped(head)}\n\n{quoted}"


def _list(items: Iterable[str]) -> str:
    return "\n".join(f"- {_escaped(item)}" for item in items)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    lines = [header, ["---"] * len(header), *([_escaped(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _escaped(text: str) -> str:
    """Plain text as it is: nothing in a name or a tool's words may become markup."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
