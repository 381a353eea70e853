"""`junit.xml` as ClusterLoader2's users know it: a case for each test and one for each call in its steps.

A call that failed, a threshold that was missed and a measurement without data are failures.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element, SubElement

from clearway.base.errors import ClearwayError
from clearway.cl2.outcome import TestResult
from clearway.report.junit import clean
from clearway.report.wording import Language, describe_error

SUITE = "ClusterLoaderV2"
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'


@dataclass(frozen=True)
class _CallCase:
    name: str
    seconds: float
    errors: tuple[ClearwayError, ...]
    report: str = ""


def junit(results: Sequence[TestResult], language: Language) -> str:
    """The whole file."""
    cases = [case for result in results for case in _cases(result)]
    started = min((result.started for result in results), default=0.0)
    failed = sum(bool(case.errors) for case in cases)
    suite = Element(
        "testsuite",
        name=SUITE,
        timestamp=datetime.fromtimestamp(started, UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        tests=str(len(cases)),
        failures=str(failed),
        errors="0",
        time=_time(sum(result.seconds for result in results)),
    )
    for case in cases:
        _write(suite, case, language)
    ET.indent(suite)
    return f"{_DECLARATION}\n{ET.tostring(suite, encoding='unicode')}\n"


def _cases(result: TestResult) -> Iterator[_CallCase]:
    yield _CallCase(f"{result.name} overall ({result.config})", result.seconds, result.all_errors)
    for step in result.steps:
        for call in step.calls:
            name = f"{result.name}: {step.name} {call.name}"
            yield _CallCase(name, call.seconds, call.all_errors, call.outcome.report)


def _write(suite: Element, case: _CallCase, language: Language) -> None:
    name = clean(f"{SUITE} {case.name}")
    element = SubElement(suite, "testcase", name=name, classname=SUITE, time=_time(case.seconds))
    if case.errors:
        text = "\n".join(describe_error(error, language) for error in case.errors)
        failure = SubElement(element, "failure", type="Failure", message=clean(text.partition("\n")[0]))
        failure.text = clean(text)
    if case.report:
        SubElement(element, "system-out").text = clean(case.report)


def _time(seconds: float) -> str:
    return f"{seconds:.3f}"
