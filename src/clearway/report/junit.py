"""JUnit XML: one suite for each test; its criteria, and the pairs that failed or are undecided, as cases.

Pairs become cases only where they decided their criterion: those that break one that FAILs are
failures, those undecided are errors. What a criterion tolerates by its share is text in its own case,
so that an accepted run has no failures. The format is docs/schema/junit.xsd.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element, SubElement

from clearway.report.document import CriterionPart, Message, PairPart, ReportDocument, SuspectPart, TestPart
from clearway.report.wording import Wording
from clearway.verdict.model import PairState, State

_PAIRS = 100
"""Cases for the pairs of one criterion; one more says how many were left out."""
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Terminal sequences, and characters that XML 1.0 does not allow."""
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
_RESULTS = {State.FAIL: "failure", State.INCONCLUSIVE: "error", State.MEASURED: "skipped"}


@dataclass(frozen=True, slots=True)
class _Case:
    name: str
    state: State
    message: str
    """One line on the outcome."""
    text: str = ""


class JunitReport:
    """XML with its declaration, indented."""

    name = "junit"
    file_name = "junit.xml"

    def render(self, document: ReportDocument, translations: Sequence[ReportDocument] = ()) -> str:
        phrases = Wording(document.language)
        root = Element("testsuites", name=clean(document.title))
        for test in document.tests:
            _suite(root, document, test, phrases)
        _count(root, list(root.iter("testcase")))
        ET.indent(root)
        return f"{_DECLARATION}\n{ET.tostring(root, encoding='unicode')}\n"


def _suite(root: Element, document: ReportDocument, test: TestPart, phrases: Wording) -> None:
    started = datetime.fromtimestamp(document.started, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    suite = SubElement(root, "testsuite", name=clean(test.name), timestamp=started)
    properties = SubElement(suite, "properties")
    for name, value in _properties(document, test):
        SubElement(properties, "property", name=clean(name), value=clean(value))
    for case in _cases(document, test, phrases):
        _write(suite, test, case)
    # The findings of the run stand with every test: they may explain its figures.
    said = [*document.first_lines, *test.claims, *_attempts(document, test), *map(_with_hint, document.findings)]
    SubElement(suite, "system-out").text = clean("\n".join(said))
    _count(suite, suite.findall("testcase"))


def _properties(document: ReportDocument, test: TestPart) -> Iterator[tuple[str, str]]:
    yield "run", document.run
    yield "clearway", document.version
    yield "site", document.site
    yield "verdict", document.state.value
    yield "test-verdict", test.state.value
    yield "protocol", test.protocol
    yield "engine", test.engine
    yield "test-conditions", test.conditions
    yield "scope", document.scope.sentence
    yield "test-scope", test.scope.sentence
    for suspect in document.suspects:
        yield "suspect", suspect.sentence
    for remark in document.remarks:
        yield "remark", remark.sentence
    if document.coverage is not None:
        yield "coverage", document.coverage.sentence
    for condition in document.conditions:
        yield condition.name, condition.value


def _attempts(document: ReportDocument, test: TestPart) -> list[str]:
    return [part.sentence for part in document.attempts if part.test == test.name][:_PAIRS]


def _cases(document: ReportDocument, test: TestPart, phrases: Wording) -> Iterator[_Case]:
    for criterion in test.criteria:
        passed = criterion.state is State.PASS
        tolerated = (pair.sentence for pair in criterion.exceptions[:_PAIRS] if passed)
        suspected = (suspect.sentence for suspect in document.suspects if not passed and _shows(test, suspect))
        lines = (criterion.sentence, criterion.counts, *suspected, *tolerated)
        yield _Case(criterion.text, criterion.state, criterion.claim, "\n".join(lines))
        yield from _pair_cases(criterion, phrases)
    if not test.criteria:
        why = "; ".join(said.sentence for said in test.reasons) or phrases.say("report.measured-only")
        yield _Case(phrases.say("report.measured-only"), test.state, why, "\n".join(test.claims))


def _shows(test: TestPart, suspect: SuspectPart) -> bool:
    return any(sign.test == test.name for sign in suspect.signs)


def _with_hint(said: Message) -> str:
    return said.sentence if said.hint is None else f"{said.sentence} ({said.hint})"


def _pair_cases(criterion: CriterionPart, phrases: Wording) -> Iterator[_Case]:
    deciding = _deciding(criterion)
    for pair in deciding[:_PAIRS]:
        state = State.FAIL if pair.standing is PairState.BREAKS else State.INCONCLUSIVE
        yield _Case(f"{criterion.text}: {pair.subject}", state, pair.sentence)
    if len(deciding) > _PAIRS:
        rest = phrases.say("report.more-pairs", count=len(deciding) - _PAIRS)
        yield _Case(f"{criterion.text}: {rest}", criterion.state, rest)


def _deciding(criterion: CriterionPart) -> list[PairPart]:
    """The pairs that keep the criterion from passing."""
    if criterion.state is State.FAIL:
        return list(criterion.exceptions)
    if criterion.state is State.INCONCLUSIVE:
        return [pair for pair in criterion.pairs if pair.standing is PairState.UNDECIDED]
    return []


def _write(suite: Element, test: TestPart, case: _Case) -> None:
    element = SubElement(suite, "testcase", name=clean(case.name), classname=clean(f"clearway.{test.name}"))
    kind = _RESULTS.get(case.state)
    if kind is None:
        SubElement(element, "system-out").text = clean(case.text)
        return
    result = SubElement(element, kind, message=clean(case.message))
    if kind != "skipped":
        result.set("type", case.state.value)
    result.text = clean(case.text or case.message)


def _count(element: Element, cases: list[Element]) -> None:
    element.set("tests", str(len(cases)))
    for plural, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(plural, str(sum(case.find(kind) is not None for case in cases)))


def clean(text: str) -> str:
    """Text without terminal sequences and without characters that XML 1.0 does not allow."""
    return _CONTROL.sub("", text)
