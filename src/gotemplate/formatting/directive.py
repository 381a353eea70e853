"""One directive of a format, `%-8.3f`, and padding."""

from __future__ import annotations

from dataclasses import dataclass, replace

MOST = 16_000_000
"""Most characters that one call may make: a width of a billion must not fill the memory."""


@dataclass(frozen=True, slots=True)
class Directive:
    verb: str = "v"
    minus: bool = False
    plus: bool = False
    sharp: bool = False
    space: bool = False
    zero: bool = False
    go_syntax: bool = False
    """`%#v`"""
    width: int | None = None
    precision: int | None = None

    def as_verb(self, verb: str) -> Directive:
        return replace(self, verb=verb)

    def padded(self, text: str, *, zeros: bool = True) -> str:
        """Padded to the width; with zeros only where the flag is given and Go allows it."""
        missing = (self.width or 0) - len(text)
        if missing <= 0:
            return text
        if self.minus:
            return text + " " * missing
        return ("0" if self.zero and zeros else " ") * missing + text


PLAIN = Directive()


def bounded(pieces: list[str]) -> str:
    """The pieces joined. Raises ValueError if they are too long."""
    if sum(map(len, pieces)) > MOST:
        raise ValueError(f"it would be more than {MOST} characters")
    return "".join(pieces)
