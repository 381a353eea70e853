"""The protection against values that change the YAML's structure, as google/safetext has it for ClusterLoader2.

A template is rendered three times: as it is, with every text from outside replaced by a harmless word, and with every
such text doubled letter by letter. If the three differ in more than texts, YAML has read a value as structure. Then
each value is checked alone, to find which one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import Any

import yaml

from clearway.spec.document import too_deep
from clearway.spec.problems import Problem, SourcePosition, SpecError, shown
from gotemplate import PrintedValue, TemplateError

_DEEPEST = 500
"""Half of Python's own limit on recursion."""
_STANDARD = "tag:yaml.org,2002:"
_TEXT = f"{_STANDARD}str"
_LABELS = frozenset(("labels", "matchLabels", "nodeSelector"))
"""Mappings whose keys are label keys."""
_LABEL_KEY = re.compile(r"(?:[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?", re.ASCII)
"""Without a limit of length: the API server checks that."""


class StructureChange(Enum):
    """How a value changes the structure; the value is the code of the message."""

    UNREADABLE = "template.value-breaks-yaml"
    KEY = "template.value-changes-keys"
    SHAPE = "template.value-changes-shape"


@dataclass(frozen=True, slots=True)
class NotYaml(Exception):
    """Why a text is no YAML, and where."""

    detail: str
    line: int


def parsed(text: str) -> tuple[yaml.Node, ...]:
    """The documents of a text. Raises NotYaml."""
    try:
        if (line := too_deep(text, _DEEPEST)) is not None:
            raise NotYaml(f"it is nested more than {_DEEPEST} deep", line)
        return tuple(yaml.compose_all(text, Loader=yaml.CSafeLoader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        detail = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
        raise NotYaml(detail, mark.line + 1 if mark else 1) from None
    except UnicodeEncodeError as error:
        raise NotYaml("it is not UTF-8 text", text.count("\n", 0, error.start) + 1) from None


def change(
    base: tuple[yaml.Node, ...], other: tuple[yaml.Node, ...], mark: str, *, real: bool
) -> StructureChange | None:
    """What is different in `other`; None where only texts are. Values from outside contain `mark` in the base.

    A label key from outside may differ; in the `real` text it has to look like one. Raises NotYaml where the template
    itself writes a key twice.
    """
    if len(base) != len(other):
        return StructureChange.SHAPE
    comparison = _Comparison(mark, real=real)
    return _first(comparison.nodes(one, two) for one, two in zip(base, other, strict=True))


class _Comparison:
    def __init__(self, mark: str, *, real: bool) -> None:
        self._mark = mark
        self._real = real
        self._seen: set[tuple[int, int]] = set()
        """Pairs compared already: an alias leads to the same nodes again."""

    def nodes(self, base: yaml.Node, other: yaml.Node, *, labels: bool = False) -> StructureChange | None:
        if isinstance(base, yaml.ScalarNode):
            return None if _fits(base, other) else StructureChange.SHAPE
        if (id(base), id(other)) in self._seen:
            return None
        self._seen.add((id(base), id(other)))
        if type(base) is not type(other) or len(base.value) != len(other.value):
            return StructureChange.SHAPE
        if isinstance(base, yaml.MappingNode):
            return self._mappings(base, other, labels=labels)
        return _first(self.nodes(one, two) for one, two in zip(base.value, other.value, strict=True))

    def _mappings(self, base: yaml.Node, other: yaml.Node, *, labels: bool) -> StructureChange | None:
        self._refuse_odd_keys(base)
        if _duplicate(key for key, _ in other.value):
            return StructureChange.KEY
        for (key, value), (other_key, other_value) in zip(base.value, other.value, strict=True):
            if not self._same_key(key, other_key, labels=labels):
                return StructureChange.KEY
            found = self.nodes(value, other_value, labels=key.value in _LABELS)
            if found:
                return found
        return None

    def _same_key(self, key: yaml.Node, other: yaml.Node, *, labels: bool) -> bool:
        if not _is_scalar(other):
            return False
        if key.value == other.value:
            return True
        if not labels or self._mark not in key.value:
            return False
        return not self._real or _LABEL_KEY.fullmatch(other.value) is not None

    def _refuse_odd_keys(self, base: yaml.Node) -> None:
        keys = [key for key, _ in base.value]
        for key in keys:
            if not _is_scalar(key):
                raise NotYaml("a key is text, not a list or a map", key.start_mark.line + 1)
        duplicate = _duplicate(key for key in keys if self._mark not in key.value)
        if duplicate is not None:
            raise NotYaml(f"the key {duplicate.value} is there twice", duplicate.start_mark.line + 1)


def _fits(base: yaml.Node, other: yaml.Node) -> bool:
    """A text from outside may look like a number; it may not bring a tag of its own."""
    if not _is_scalar(other):
        return False
    return other.tag == base.tag or (base.tag == _TEXT and other.tag.startswith(_STANDARD))


def _is_scalar(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode)


def _duplicate(keys: Iterable[yaml.Node]) -> yaml.Node | None:
    """The second key of the same name, if there is one."""
    known: set[tuple[str, str]] = set()
    for key in keys:
        if _is_scalar(key):
            if (key.tag, key.value) in known:
                return key
            known.add((key.tag, key.value))
    return None


def _first(changes: Iterable[StructureChange | None]) -> StructureChange | None:
    return next((found for found in changes if found), None)


ValueReplacer = Callable[[PrintedValue, object], object]
Rerender = Callable[[ValueReplacer], str]
"""The template with the same data and the same random numbers, each value replaced. Raises TemplateError."""

_WORD = "baseline"
_MOST_SUSPECTS = 200
"""Each is tried by rendering and parsing again: the rest would only make a wrong answer slow."""


def check(source: str, rendered: str, rerender: Rerender) -> None:
    """Raises SpecError if a value from outside changes the structure of `rendered`, or if that is no YAML."""
    guard = _Guard(rendered, rerender)
    try:
        found = guard.change(None)
    except (NotYaml, TemplateError) as error:
        raise SpecError([guard.blamed() or _of_template(source, error)]) from None
    if found is not None:
        raise SpecError([guard.blamed() or Problem("template.values-change-shape", SourcePosition(source))])


class _Guard:
    def __init__(self, rendered: str, rerender: Rerender) -> None:
        self._rerender = rerender
        self._suspects: dict[PrintedValue, object] = {}
        """The places where texts from outside are printed, with the first text of each."""
        self._actual: tuple[yaml.Node, ...] | None = None
        """The documents; None: it is no YAML."""
        with suppress(NotYaml):
            self._actual = parsed(rendered)

    def change(self, only: PrintedValue | None) -> StructureChange | None:
        """The change that all values make, or only the value at `only`.

        Raises NotYaml or TemplateError where a harmless text can't stand there.
        """
        base = parsed(self._rerender(self._replacing(lambda _: _WORD, only)))
        if self._actual is None:
            return StructureChange.UNREADABLE
        found = change(base, self._actual, _WORD, real=True)
        if found is not None:
            return found
        try:
            doubled = parsed(self._rerender(self._replacing(_doubled, only)))
        except NotYaml:
            return StructureChange.UNREADABLE
        return change(base, doubled, _WORD, real=False)

    def blamed(self) -> Problem | None:
        """The first value that changes the structure by itself."""
        for site, value in list(self._suspects.items())[:_MOST_SUSPECTS]:
            code = self._harm(site)
            if code is not None:
                place = SourcePosition(site.place.name, site.place.line, site.place.column)
                return Problem(code, place, site.source, shown(value))
        return None

    def _harm(self, site: PrintedValue) -> str | None:
        try:
            found = self.change(site)
        except NotYaml:
            # Without this value there is no YAML, so it is the value that makes it one.
            return None if self._actual is None else StructureChange.SHAPE.value
        except TemplateError:
            return "template.value-is-text"
        return None if found is None else found.value

    def _replacing(self, replaced: Callable[[str], str], only: PrintedValue | None) -> ValueReplacer:
        def replace(site: PrintedValue, value: object) -> object:
            if only is not None and site != only:
                return value
            new = _deeply(value, replaced)
            if new != value:
                self._suspects.setdefault(site, value)
            return new

        return replace


def _deeply(value: Any, replaced: Callable[[str], str]) -> Any:
    """The value with all texts in it replaced; the keys of maps stay."""
    if isinstance(value, str):
        return replaced(value)
    if isinstance(value, list):
        return type(value)(_deeply(item, replaced) for item in value)
    if isinstance(value, dict):
        return {key: _deeply(inner, replaced) for key, inner in value.items()}
    return value


def _doubled(text: str) -> str:
    """Each letter twice, except quotes and backslashes, which would end a quoted text early."""
    return "".join(letter if letter in "\\'\"" else letter * 2 for letter in text)


def _of_template(source: str, error: NotYaml | TemplateError) -> Problem:
    if isinstance(error, NotYaml):
        values = {"detail": error.detail, "line": error.line}
        return Problem("template.not-yaml", SourcePosition(source), values=values)
    return of_engine(error)


def of_engine(error: TemplateError) -> Problem:
    """An error of the template engine as a problem of the config."""
    place = SourcePosition(error.place.name, error.place.line, error.place.column)
    values = {"cause": error.cause, "excerpt": error.excerpt(), "advice": error.hint}
    return Problem("template.refused" if error.hint is None else "template.refused-with-advice", place, values=values)
