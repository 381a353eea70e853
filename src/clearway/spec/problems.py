"""What is wrong with a file that a person wrote, and where: codes with values, gathered, then raised at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from clearway.base.errors import UsageError
from clearway.base.texts import cleaned

Path = tuple[str | int, ...]
"""Where something is inside a document: keys and indices from the root."""


@dataclass(frozen=True, slots=True, order=True)
class SourcePosition:
    """Where a person finds it: `cat.yaml:7:3`, or the `--set` that brought it."""

    source: str
    line: int | None = None
    """Counted from 1."""
    column: int | None = None
    """Counted from 1."""

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.source, self.line, self.column) if part is not None)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. The sentence is made elsewhere, from the code and these values."""

    code: str
    place: SourcePosition
    key: str = ""
    """Dotted path of the field, `tests.0.duration`; empty for the document itself."""
    found: str | None = None
    """What was written there, shortened."""
    allowed: tuple[str, ...] = ()
    """What could be written instead."""
    suggestion: str | None = None
    """What was probably meant."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """What else the code's sentence needs."""


class SpecError(UsageError):
    """Everything that is wrong with one file, in order of appearance."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(
            sorted(problems, key=lambda one: (one.place.source, one.place.line or 0, one.place.column or 0))
        )
        super().__init__("spec.invalid", count=len(self.problems), source=self.problems[0].place.source)

    def __str__(self) -> str:
        return "\n".join(f"{problem.place}: {problem.code} {problem.key} {problem.found}" for problem in self.problems)


def dotted(path: Path) -> str:
    return ".".join(str(part) for part in path)


def shown(value: Any) -> str | None:
    """A value as it stood in the document, short enough for one line; None for no value."""
    if value is None:
        return None
    if isinstance(value, Mapping):
        return "{...}"
    if isinstance(value, list | tuple):
        return "[...]"
    text = " ".join(cleaned(str(value)).split())
    return text if len(text) <= 80 else f"{text[:77]}..."
