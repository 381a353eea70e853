"""printf: the format, directive after directive."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from gotemplate.formatting.directive import MOST, PLAIN, Directive, bounded
from gotemplate.formatting.printing import NIL, formatted
from gotemplate.values import type_name

_TOO_LARGE = 1_000_000
"""Go's own limit on widths and precisions (`fmt`, tooLarge)."""
_FLAG_RUN = re.compile(r"[#0+\- ]*")


def sprintf(template: str, /, *values: object) -> str:
    """Go's Sprintf. An error in the format is shown inside the text, as Go does."""
    return _Printer(template, values).text()


@dataclass(slots=True)
class _Printer:
    """One call: where it is in the format, and which argument is next."""

    template: str
    values: tuple[object, ...]
    position: int = 0
    argument: int = 0
    reordered: bool = False
    good: bool = True
    """The index in brackets, if there was one, named an argument."""
    indexed: bool = False
    """Such an index was the last thing read."""

    def text(self) -> str:
        pieces: list[str] = []
        made, end = 0, len(self.template)
        while self.position < end:
            percent = self.template.find("%", self.position)
            if percent < 0:
                pieces.append(self.template[self.position :])
                break
            pieces += (self.template[self.position : percent], self._one(percent))
            made += len(pieces[-1]) + len(pieces[-2])
            if made > MOST:
                break
        if not self.reordered and self.argument < len(self.values):
            pieces.append(self._extra())
        return bounded(pieces)

    def _one(self, percent: int) -> str:
        """What the directive at `percent` prints."""
        template, end = self.template, len(self.template)
        flags = _FLAG_RUN.match(template, percent + 1)
        assert flags is not None
        directive = _flagged(flags[0])
        self.position, self.good = flags.end(), True
        self._index()
        directive, complaint = self._width(directive)
        if self.position + 1 < end and template[self.position] == ".":
            self.position += 1
            directive, complained = self._precision(directive)
            complaint += complained
        if not self.indexed:
            self._index()
        if self.position >= end:
            return f"{complaint}%!(NOVERB)"
        self.position += 1
        return complaint + self._printed(replace(directive, verb=template[self.position - 1]))

    def _printed(self, directive: Directive) -> str:
        verb = directive.verb
        if verb == "%":
            return "%"
        if not self.good:
            return f"%!{verb}(BADINDEX)"
        if self.argument >= len(self.values):
            return f"%!{verb}(MISSING)"
        if verb in "vw":
            directive = replace(directive, go_syntax=directive.sharp, sharp=False, plus=False)
        self.argument += 1
        return formatted(self.values[self.argument - 1], directive)

    def _width(self, directive: Directive) -> tuple[Directive, str]:
        if not self._star():
            width = self._number()
            if self.indexed and width is not None:
                self.good = False
            return replace(directive, width=width), ""
        width = self._from_argument()
        if width is None:
            return directive, "%!(BADWIDTH)"
        if width < 0:
            return replace(directive, width=-width, minus=True, zero=False), ""
        return replace(directive, width=width), ""

    def _precision(self, directive: Directive) -> tuple[Directive, str]:
        if self.indexed:
            self.good = False
        self._index()
        if not self._star():
            return replace(directive, precision=self._number() or 0), ""
        precision = self._from_argument()
        if precision is None or precision < 0:
            return directive, "%!(BADPREC)"
        return replace(directive, precision=precision), ""

    def _star(self) -> bool:
        if not self.template.startswith("*", self.position):
            return False
        self.position += 1
        return True

    def _number(self) -> int | None:
        """A number in the format, or None. One that is far too large consumes the rest of the format, as in Go."""
        number, start = 0, self.position
        while self.position < len(self.template) and self.template[self.position] in "0123456789":
            if number > _TOO_LARGE:
                self.position = len(self.template)
                return None
            number = number * 10 + int(self.template[self.position])
            self.position += 1
        return number if self.position > start else None

    def _from_argument(self) -> int | None:
        """The argument that `*` stands for; None if it is not a suitable number."""
        self.indexed = False
        if self.argument >= len(self.values):
            return None
        value = self.values[self.argument]
        self.argument += 1
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _TOO_LARGE:
            return None
        return int(value)

    def _index(self) -> None:
        """`[2]`: the second argument is next."""
        self.indexed = False
        if not self.template.startswith("[", self.position):
            return
        self.reordered = True
        start, close = self.position, self.template.find("]", self.position)
        if close < 0 or len(self.template) - start < 3:
            self.position, self.good = start + 1, False
            return
        self.position = start + 1
        number = self._number()
        self.indexed = number is not None and self.position == close
        self.position = close + 1
        if self.indexed and number is not None and 0 < number <= len(self.values):
            self.argument = number - 1
        else:
            self.good = False

    def _extra(self) -> str:
        shown = (NIL if one is None else f"{type_name(one)}={formatted(one, PLAIN)}" for one in self._left())
        return f"%!(EXTRA {', '.join(shown)})"

    def _left(self) -> tuple[object, ...]:
        return self.values[self.argument :]


def _flagged(signs: str) -> Directive:
    return Directive(minus="-" in signs, plus="+" in signs, sharp="#" in signs, space=" " in signs, zero="0" in signs)
