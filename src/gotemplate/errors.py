"""What can be wrong with a template, and where it stands."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a template's text, as errors show it: `config.yaml:7:3`."""

    name: str
    line: int
    """Counted from 1."""
    column: int
    """In characters, counted from 1."""

    def __str__(self) -> str:
        return f"{self.name}:{self.line}:{self.column}"


_AROUND = 60
"""Characters shown on each side of a place in a long line."""


class Refusal(Exception):
    """Raised inside the engine: the cause, and the offset in the template's text where that is known."""

    def __init__(self, cause: str, at: int | None = None, hint: str | None = None) -> None:
        super().__init__(cause)
        self.cause = cause
        self.at = at
        self.hint = hint


class TemplateError(Exception):
    """A template that can't be read, or can't be rendered with these data."""

    def __init__(self, cause: str, place: Position, line_text: str, hint: str | None = None) -> None:
        super().__init__(cause)
        self.cause = cause
        self.place = place
        self.line_text = line_text
        """The line of the template that it is about."""
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.place}: {self.cause}"

    def shown(self) -> str:
        """The text that users read: the cause, the line with a caret under the place, and the hint if there is one."""
        hint = "" if self.hint is None else f"\nhint: {self.hint}"
        return f"{self}\n{self.excerpt()}{hint}"

    def excerpt(self) -> str:
        """The line, and a caret under the place. A long line is cut to the part around it."""
        start = max(0, self.place.column - 1 - _AROUND)
        line = self.line_text[start : start + 2 * _AROUND].replace("\t", " ")
        return f"    {line}\n    {' ' * (self.place.column - 1 - start)}^"


def place_of(name: str, text: str, offset: int) -> Position:
    """The place of the character at `offset`."""
    return Position(name, text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))


def located(refusal: Refusal, name: str, text: str) -> TemplateError:
    """The refusal as an error of the template called `name`."""
    offset = min(refusal.at or 0, len(text))
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    line = text[start : end if end >= 0 else len(text)].rstrip("\r")
    return TemplateError(refusal.cause, place_of(name, text, offset), line, refusal.hint)
