"""Suites: several tests in one file, each with overrides of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from clearway.cl2.config.keys import respelled
from clearway.cl2.config.model import Scenario, Suite
from clearway.cl2.config.text import go_document
from clearway.spec.document import YamlDocument
from clearway.spec.faults import Fault, placed, validated
from clearway.spec.load import read_file
from clearway.spec.problems import SpecError

_LIST = "scenarios"


def load_suite(path: Path) -> tuple[Scenario, ...]:
    """The tests of a suite, in order. Raises SpecError with every problem in it."""
    source = read_file(path)
    document = respelled(_below_a_key(go_document(source.text, source.name)), Suite)
    suite, wrong = (None, []) if document.problems else validated(document, Suite)
    problems = [*document.problems, *wrong, *(placed(document, fault) for fault in _faults(suite))]
    if suite is None or problems:
        raise SpecError(problems)
    return suite.scenarios


def _below_a_key(document: YamlDocument) -> YamlDocument:
    """A model has keys; the file is a bare list."""
    values = {(_LIST, *path): place for path, place in document.values.items()}
    keys = {(_LIST, *path): place for path, place in document.keys.items()}
    return YamlDocument(document.source, {_LIST: document.data}, values, keys, document.problems)


def _faults(suite: Suite | None) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, scenario in enumerate(suite.scenarios if suite is not None else ()):
        # An underscore separates the parts of the files' names.
        if "_" in scenario.identifier:
            yield Fault("door.underscore", (_LIST, index, "identifier"))
        if scenario.identifier in seen:
            yield Fault("door.same-identifier", (_LIST, index, "identifier"))
        if scenario.identifier:
            seen.add(scenario.identifier)
