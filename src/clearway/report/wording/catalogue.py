"""The catalogues: code -> the entry that words it.

An entry is a text, or a table with `one` and `other` chosen by the value named `count`; a table may
add a `hint`. Texts are `str.format` templates whose fields are the names of the code's values.
"""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from clearway.base.units import Quantity
from clearway.report.language import Language

OPTIONAL = re.compile(r"\[([^\[\]]*\{[^\[\]]*)\]")
"""A part in brackets is said only where all its values are there."""


@dataclass(frozen=True, slots=True)
class Entry:
    """How one code is said."""

    other: str
    one: str | None = None
    count: str | None = None
    """Name of the value that chooses between `one` and `other`."""
    hint: str | None = None

    def template(self, values: Mapping[str, Any]) -> str:
        if self.one is None or self.count is None:
            return self.other
        return self.one if _number(values.get(self.count)) == 1 else self.other

    @property
    def fields(self) -> frozenset[str]:
        """Names of all the values that the entry can show."""
        return frozenset(name for text in self._texts for name in fields_of(text))

    @property
    def needed(self) -> frozenset[str]:
        """Of these, the ones that no bracket makes optional."""
        return frozenset(name for text in self._texts for name in fields_of(OPTIONAL.sub("", text)))

    @property
    def _texts(self) -> tuple[str, ...]:
        return self.other, self.one or "", self.hint or ""


def fields_of(template: str) -> Iterator[str]:
    """Names of the values in a template."""
    return (name for _, name, _, _ in string.Formatter().parse(template) if name)


@cache
def catalogue(language: Language) -> Mapping[str, Entry]:
    """All entries of one language, by code."""
    return dict(_entries(read_toml(f"{language}.toml")))


def read_toml(name: str) -> dict[str, Any]:
    """A table that lies beside this file."""
    return tomllib.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))


def _entries(areas: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, Entry]]:
    for area, entries in areas.items():
        for name, said in entries.items():
            yield f"{area}.{name}", _entry(said)


def _entry(said: str | Mapping[str, str]) -> Entry:
    return Entry(other=said) if isinstance(said, str) else Entry(**said)


def _number(value: object) -> float | None:
    if isinstance(value, Quantity):
        return value.si
    return value if isinstance(value, int | float) else None
