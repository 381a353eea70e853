"""The protection against values that change the YAML's structure, as google/safetext has it for ClusterLoader2.

A template is rendered three times: as it is, with every text from outside replaced by a harmless word, and with every
such text doubled letter by letter. If the three differ in more than texts, YAML has read a value as structure. Then
each value is checked alone, to find which one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import yaml

from clearway.cl2.templates.structure import NotYaml, StructureChange, change, parsed
from clearway.spec.problems import Problem, SourcePosition, SpecError, shown
from gotemplate import PrintedValue, TemplateError

ValueReplacer = Callable[[PrintedValue, object], object]
Rerender = Callable[[ValueReplacer], str]
"""The template with the same data and the same random numbers, each value replaced. Raises TemplateError."""

_WORD = "baseline"
_MOST_SUSPECTS = 200


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
        self._actual = _documents(rendered)

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


def _documents(text: str) -> tuple[yaml.Node, ...] | None:
    try:
        return parsed(text)
    except NotYaml:
        return None


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
