"""The catalogues, and from a code with values to a sentence. Never raises: without wording, code and values are shown.

An entry of a catalogue is a text, or a table with `one` and `other` chosen by the value named `count`; a table may add
a `hint`. Texts are `str.format` templates whose fields are the names of the code's values.
"""

from __future__ import annotations

import re
import string
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib.resources import files
from typing import Any, Literal, Protocol, get_args

from clearway.base.errors import ClearwayError, Reason
from clearway.base.texts import stripped
from clearway.base.units import Quantity
from clearway.probe.records import Finding

Language = Literal["en", "ko"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
"""Of messages and reports: each has a catalogue."""


def with_others(language: Language) -> tuple[Language, ...]:
    """All languages that there are, this one first."""
    return (language, *(other for other in LANGUAGES if other != language))


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
        count = values.get(self.count)
        return self.one if (count.si if isinstance(count, Quantity) else count) == 1 else self.other

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
    return {
        f"{area}.{name}": Entry(other=said) if isinstance(said, str) else Entry(**said)
        for area, entries in read_toml(f"{language}.toml").items()
        for name, said in entries.items()
    }


def read_toml(name: str) -> dict[str, Any]:
    """A table that lies beside this file."""
    return tomllib.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))


_UNKNOWN = "?"


def knows(code: str, language: Language) -> bool:
    """Whether there is a wording for this code."""
    return code in catalogue(language)


def sentence(code: str, values: Mapping[str, Any], language: Language) -> str:
    """The sentence of `code` with these values; code and values themselves where it has no wording."""
    entry = catalogue(language).get(code)
    if entry is not None:
        return _filled(entry.template(values), _worded(values, language))
    said = ", ".join(f"{name}: {shown(value)}" for name, value in values.items())
    return f"{code} ({said})" if said else code


@dataclass(frozen=True, slots=True)
class Wording:
    """All that can be said in one language."""

    language: Language

    def say(self, code: str, /, **values: Any) -> str:
        return sentence(code, values, self.language)

    def reason(self, reason: Reason) -> str:
        return sentence(reason.code, reason.values, self.language)


def hint(code: str, values: Mapping[str, Any], language: Language) -> str | None:
    """What the reader can do about it, where the catalogue knows."""
    entry = catalogue(language).get(code)
    return _filled(entry.hint, _worded(values, language)) if entry is not None and entry.hint else None


def describe_error(error: ClearwayError, language: Language) -> str:
    """The cause, then its `hint:` lines; one that carries problems, findings or errors has a block for each."""
    problems: Sequence[_Problem] = getattr(error, "problems", ())
    if problems:
        return "\n".join(_problem(problem, language) for problem in problems)
    cause = _block(sentence(error.code, error.values, language), _advice(error.code, error.values, language), language)
    findings: Sequence[Finding] = getattr(error, "findings", ())
    errors: Sequence[ClearwayError] = getattr(error, "errors", ())
    parts = [*(describe_finding(one, language) for one in findings), *(describe_error(one, language) for one in errors)]
    return "\n".join([cause, *parts])


def describe_finding(finding: Finding, language: Language) -> str:
    """What was found, then its `hint:` lines."""
    values = {"subject": finding.subject, **finding.values}
    return _block(sentence(finding.code, values, language), _advice(finding.code, values, language), language)


def shown(value: object) -> str:
    """A value as it stands in a sentence."""
    if value is None:
        return _UNKNOWN
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(shown(item) for item in value)
    text = str(value)
    return text if text.isprintable() else stripped(text)  # what a tool said must not steer a terminal


class _Problem(Protocol):
    """What is wrong at one place of a file, as spec/problems.py gathers it."""

    code: str
    place: object
    key: str
    found: str | None
    allowed: tuple[str, ...]
    suggestion: str | None
    values: Mapping[str, Any]


def _problem(problem: _Problem, language: Language) -> str:
    values = {
        "key": problem.key,
        "found": problem.found,
        "choices": problem.allowed,
        "suggestion": problem.suggestion,
        **problem.values,
    }
    cause = f"{problem.place}: {sentence(problem.code, values, language)}"
    return _block(cause, _advice(problem.code, values, language), language)


def _advice(code: str, values: Mapping[str, Any], language: Language) -> Iterator[str]:
    """What to do about it: what was probably meant, what the catalogue says, what is allowed."""
    if suggestion := values.get("suggestion"):
        yield sentence("report.did-you-mean", {"suggestion": suggestion}, language)
    own = hint(code, values, language)
    if own is not None:
        yield own
    choices = values.get("choices") or values.get("allowed")
    if choices and (own is None or shown(choices) not in own):
        yield sentence("report.choose", {"choices": choices}, language)


def _block(cause: str, advice: Iterable[str], language: Language) -> str:
    return "\n".join([cause, *(f"  {sentence('report.hint', {'text': text}, language)}" for text in advice)])


def _worded(values: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """A reason behind this one, and a member of an enum with its own sentence, as outcomes have, stand as that."""
    found = {name: value for name, value in values.items() if isinstance(value, Enum)}
    codes = {name: f"{type(value).__name__.lower()}.{value.value}" for name, value in found.items()}
    reasons = {name: value for name, value in values.items() if isinstance(value, (Reason, ClearwayError))}
    return {
        **values,
        **{name: sentence(code, {}, language) for name, code in codes.items() if knows(code, language)},
        **{name: sentence(one.code, one.values, language).rstrip(".") for name, one in reasons.items()},
    }


def _filled(template: str, values: Mapping[str, Any]) -> str:
    def kept(part: re.Match[str]) -> str:
        found = [values.get(name) for name in fields_of(part[1])]
        return "" if any(value is None or shown(value) == "" for value in found) else part[1]

    said = defaultdict(lambda: _UNKNOWN, {name: shown(value) for name, value in values.items()})
    return OPTIONAL.sub(kept, template).format_map(said)
