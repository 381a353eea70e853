"""A spec to start from: the profile `standard` with every field explained and every default in sight."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic.fields import FieldInfo

from clearway.spec.describe import example_of, inline
from clearway.spec.fields import applicable, written_fields
from clearway.spec.load import load_profile, spec_mapping
from clearway.spec.model import Spec, Test

_HEADER = """\
# A network acceptance test. `clearway plan cat.yaml` shows what it would do, `clearway run cat.yaml` does it.
# Words stand behind `# `. A line like `#key: value` shows what holds while it is left out, or an example where
# nothing does; take the # away to change it.
"""
_WIDTH = 118
"""Columns of a line of comment, its indentation included."""


def init_text() -> str:
    """A commented spec that loads as it is, and with any of its `#key: value` lines made real."""
    spec = load_profile("standard")
    values = spec_mapping(spec)
    lines = [_HEADER, *_spec_lines(values)]
    explained: set[str] = set()
    for test, data in zip(spec.tests, values["tests"], strict=True):
        # The fields that the profile wrote, by their written names.
        given = {Test.model_fields[name].alias or name for name in test.model_fields_set}
        lines += [*_test_lines({"engine": test.engine_name, **data}, given, explained), ""]
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One field on its way into the text."""

    name: str
    info: FieldInfo
    value: Any
    active: bool

    def comment(self, margin: str) -> list[str]:
        prefix = f"{margin}# "
        return textwrap.wrap(
            self.info.description or "", _WIDTH, initial_indent=prefix, subsequent_indent=prefix, break_on_hyphens=False
        )

    def line(self, margin: str) -> str:
        return f"{margin}{'' if self.active else '#'}{self.name}: {inline(self.value)}"


def _spec_lines(values: Mapping[str, Any]) -> Iterator[str]:
    for name, info in written_fields(Spec).items():
        entry = _entry(name, info, values, active=info.is_required() or name == "name")
        yield from entry.comment("")
        yield "tests:" if name == "tests" else entry.line("")


def _test_lines(values: Mapping[str, Any], given: set[str], explained: set[str]) -> Iterator[str]:
    """One test; a field is explained where it is met first."""
    fields = written_fields(Test)
    for name in (name for name in applicable(fields, values) if name not in _OF_OTHER_TESTS):
        entry = _entry(name, fields[name], values, active=name in given)
        first = name == "name"
        if name not in explained:
            yield from entry.comment("  " if first else "    ")
        explained.add(name)
        if name == "accept":
            criteria = values.get("accept", ())
            yield from ("    accept:", *(f"      - {criterion}" for criterion in criteria)) if criteria else ()
        else:
            yield entry.line("  - " if first else "    ")


_OF_OTHER_TESTS = ("search",)
"""Made real, they would contradict the criteria of these tests."""


def _entry(name: str, info: FieldInfo, values: Mapping[str, Any], *, active: bool) -> _Entry:
    return _Entry(name, info, values[name] if name in values else example_of(info), active)
