"""Splits a template's text into tokens."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from gotemplate.errors import Refusal
from gotemplate.syntax.tree import Piece


class Token(NamedTuple):
    kind: str
    """passage, open, close, word, keyword, literal, field, dot, variable, number, string, character, declare, end; or
    the sign that it is."""
    text: str
    at: int
    spaced: bool = False
    """Whether there is space before it, inside its action."""
    pieces: tuple[Piece, ...] = ()
    """Of a passage only."""


_BLOCKS = ("block", "break", "continue", "define", "else", "end", "if", "range", "template", "with")
KEYWORDS = {**dict.fromkeys(_BLOCKS, "keyword"), **dict.fromkeys(("true", "false", "nil"), "literal")}
"""Reserved words, and the kind of token of each."""

_SPACE = " \t\r\n"
_OPEN = re.compile(
    r"\{\{(?:(?P<value>\.[A-Za-z_][A-Za-z0-9_]*|\$[A-Za-z0-9_]*)\}\}"
    r"|(?P<trim>-(?=[ \t\r\n]))?(?P<comment>[ \t\r\n]?/\*)?)"
)
"""Most actions only print a field or a variable: the group `value`."""
_COMMENT = re.compile(r"(?:-[ \t\r\n])?/\*(?P<closed>.*?\*/(?P<done>\}\}|[ \t\r\n]-\}\}[ \t\r\n]*)?)?", re.DOTALL)
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
    """All tokens, the last of the kind `end`. Raises Refusal if the text has no valid tokens."""
    cut: list[Token] = []
    position = 0
    while (opening := _cut_passage(text, position, cut)) is not None:
        position = _after_opening(text, opening, cut)
    cut.append(Token("end", "", len(text)))
    return cut


def _cut_passage(text: str, position: int, cut: list[Token]) -> re.Match[str] | None:
    """Splits text and values up to the next other action, and returns its start; None if there is none."""
    begin, pieces, opening, end = position, [], None, len(text)
    # `new(Piece, ...)` is Piece(...) in half the time.
    new = tuple.__new__
    for found in _OPEN.finditer(text, position):
        end = found.start()
        if found.lastgroup != "value":
            opening = found
            break
        pieces.append(new(Piece, (text[position:end], position, found["value"], end + 2)))
        position, end = found.end(), len(text)
    rest = text[position:end]
    if opening is not None and opening["trim"] is not None:
        rest = rest.rstrip(_SPACE)
    if rest:
        pieces.append(new(Piece, (rest, position, "", end)))
    if pieces:
        cut.append(new(Token, ("passage", "", begin, False, tuple(pieces))))
    return opening


def _after_opening(text: str, opening: re.Match[str], cut: list[Token]) -> int:
    """Splits an action, or skips a comment; returns where the text goes on, after trimmed space."""
    at = opening.start()
    comment = _COMMENT.match(text, at + 2) if opening["comment"] is not None else None
    if comment is not None:
        return _after_comment(comment)
    cut.append(tuple.__new__(Token, ("open", "{{", at, False, ())))
    return _cut_inside(text, opening, cut)


def _after_comment(comment: re.Match[str]) -> int:
    if comment["closed"] is None:
        raise Refusal("the comment is not closed", comment.start(), "a comment ends in */}}")
    if comment["done"] is None:
        raise Refusal("the comment ends before its action does", comment.end() - 2, "write */}} without a space")
    return comment.end()


def _cut_inside(text: str, opening: re.Match[str], cut: list[Token]) -> int:
    """Splits one action; returns where the text after it begins, after trimmed space."""
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
            kind = KEYWORDS[word]
        elif not is_plain and kind in ("word", "field", "variable"):
            _refuse_odd_letters(word, at)
        cut.append(new(Token, (kind, word, at, spaced, ())))
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
    """The reason why no token begins here."""
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
