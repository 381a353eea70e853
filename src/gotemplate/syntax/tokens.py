"""A template's text, cut into tokens."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from gotemplate.errors import Refusal


class Token(NamedTuple):
    kind: str
    """text, value, open, close, word, keyword, field, dot, variable, number, string, character, declare, end; or the
    sign that it is."""
    text: str
    at: int
    spaced: bool = False
    """There is space before it, inside its action."""


KEYWORDS = frozenset(
    ("block", "break", "continue", "define", "else", "end", "if", "range", "nil", "template", "with", "true", "false")
)

_SPACE = " \t\r\n"
_OPEN = re.compile(
    r"\{\{(?:(?P<value>\.[A-Za-z_][A-Za-z0-9_]*|\$[A-Za-z0-9_]*)\}\}"
    r"|(?P<trim>-(?=[ \t\r\n]))?(?P<comment>[ \t\r\n]?/\*)?)"
)
"""Most actions only print a field or a variable: those are one token, of the kind `value`."""
_COMMENT = re.compile(r"(?:-[ \t\r\n])?/\*(?P<closed>.*?\*/(?P<done>(?P<trim>[ \t\r\n]-)?\}\})?)?", re.DOTALL)
_END = r"(?=[ \t\r\n.,|:()]|\}\}|\Z)"
"""What may follow a name."""
_INSIDE = re.compile(
    rf"""
    (?P<close>[ \t\r\n]+-\}}\}}[ \t\r\n]*|[ \t\r\n]*\}}\}})
    |[ \t\r\n]*(?:(?P<field>\.(?![0-9])\w+{_END})
    |(?P<word>[^\W0-9]\w*{_END})
    |(?P<string>"(?:[^"\\\n]|\\[^\n])*"|`[^`]*`)
    |(?P<variable>\$\w*{_END})
    |(?P<number>
        [+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?
        |0[oO][0-7_]*(?:\.[0-7_]*)?|0[bB][01_]*(?:\.[01_]*)?
        |[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?
        |\.[0-9][0-9_]*(?:[eE][+-]?[0-9_]*)?)i?(?![\w+-]))
    |(?P<dot>\.{_END})
    |(?P<sign>[=|(),])
    |(?P<declare>:=)
    |(?P<character>'(?:[^'\\\n]|\\[^\n])*'))
    """,
    re.VERBOSE,
)
_UNFINISHED = {'"': "unterminated string", "`": "unterminated raw string", "'": "unterminated character constant"}


def tokens(text: str) -> list[Token]:
    """All tokens, the last of the kind `end`. Raises Refusal where the text can't be cut."""
    cut: list[Token] = []
    # `new(Token, ...)` is Token(...) in half the time.
    position, trims, new = 0, False, tuple.__new__
    while (found := _OPEN.search(text, position)) is not None:
        piece = text[position : found.start()]
        if trims:
            piece = piece.lstrip(_SPACE)
        if found["trim"] is not None:
            piece = piece.rstrip(_SPACE)
        if piece:
            cut.append(new(Token, ("text", piece, position, False)))
        value = found["value"]
        if value is None:
            position, trims = _after_opening(text, found, cut)
        else:
            cut.append(new(Token, ("value", value, found.start() + 2, False)))
            position, trims = found.end(), False
    rest = text[position:].lstrip(_SPACE) if trims else text[position:]
    if rest:
        cut.append(Token("text", rest, position))
    cut.append(Token("end", "", len(text)))
    return cut


def _after_opening(text: str, opening: re.Match[str], cut: list[Token]) -> tuple[int, bool]:
    """Cuts an action or leaves a comment out: where the text goes on, and whether it loses the space it begins with."""
    at = opening.start()
    comment = _COMMENT.match(text, at + 2) if opening["comment"] is not None else None
    if comment is not None:
        return _after_comment(comment)
    cut.append(Token("open", "{{", at))
    return _cut_inside(text, opening, cut), False


def _after_comment(comment: re.Match[str]) -> tuple[int, bool]:
    """Where the text goes on, and whether it loses the space that it begins with."""
    if comment["closed"] is None:
        raise Refusal("the comment is not closed", comment.start(), "a comment ends in */}}")
    if comment["done"] is None:
        raise Refusal("the comment ends before its action does", comment.end() - 2, "write */}} without a space")
    return comment.end(), comment["trim"] is not None


def _cut_inside(text: str, opening: re.Match[str], cut: list[Token]) -> int:
    """Cuts one action; returns where the text after it begins, without the space that is trimmed."""
    position, depth, match, is_plain = opening.end("trim"), 0, _INSIDE.match, text.isascii()
    position = max(position, opening.start() + 2)
    new = tuple.__new__
    while True:
        found = match(text, position)
        if found is None:
            raise _unreadable(text, position, opening.start())
        kind = found.lastgroup or ""
        word, at = found[kind], found.start(kind)
        spaced, position = at > position, found.end()
        if kind == "sign":
            kind = word
            depth += (word == "(") - (word == ")")
            if depth < 0:
                raise Refusal("this parenthesis closes nothing", at)
        elif kind == "word" and word in KEYWORDS:
            kind = "keyword"
        elif not is_plain and kind in ("word", "field", "variable"):
            _refuse_odd_letters(word, at)
        cut.append(new(Token, (kind, word, at, spaced)))
        if kind == "close":
            if depth:
                raise Refusal("a parenthesis is not closed", at)
            return position


def _refuse_odd_letters(word: str, at: int) -> None:
    """Python's words may hold more than letters and decimal digits; Go's don't."""
    for offset, sign in enumerate(word):
        if not sign.isascii() and unicodedata.category(sign)[0] != "L" and unicodedata.category(sign) != "Nd":
            raise Refusal(f"{sign!r} can't be part of a name", at + offset)


def _unreadable(text: str, position: int, opening: int) -> Refusal:
    """Why no token begins here."""
    position += len(text) - position - len(text[position:].lstrip(_SPACE))
    if position >= len(text):
        return Refusal("the action is not closed", opening, "it ends in }}")
    sign = text[position]
    if sign in _UNFINISHED:
        return Refusal(_UNFINISHED[sign], position)
    if sign.isdigit() or sign in "+-":
        return Refusal("this is no number", position)
    if sign.isalpha() or sign in "_.$":
        return Refusal("after a name there must be a space or one of . , | : ( )", position)
    return Refusal(f"{sign!r} can't stand in an action", position)
