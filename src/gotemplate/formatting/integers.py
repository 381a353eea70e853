"""Integers as Go writes them."""

from __future__ import annotations

from gotemplate.formatting.directive import Directive
from gotemplate.formatting.quoting import REPLACEMENT, character, is_printable, quoted
from gotemplate.values import Byte

VERBS = frozenset("vdboOxXcqU")
_BASES = {"b": "b", "o": "o", "O": "o", "x": "x", "X": "X"}
_PREFIXES = {"b": "0b", "x": "0x", "X": "0X"}


def formatted_integer(value: int, directive: Directive) -> str:
    match directive.verb:
        case "c":
            return directive.padded(_character(value))
        case "q":
            return directive.padded(quoted(_character(value), "'", ascii_only=directive.plus))
        case "U":
            return directive.padded(_unicode(value, directive), zeros=False)
    if directive.go_syntax and isinstance(value, Byte):
        return directive.padded(_number(value, directive, "x", "0x"), zeros=False)
    prefix = _PREFIXES.get(directive.verb, "") if directive.sharp else ""
    return directive.padded(_number(value, directive, _BASES.get(directive.verb, "d"), prefix), zeros=False)


def _number(value: int, directive: Directive, base: str, prefix: str) -> str:
    sign = "-" if value < 0 else "+" if directive.plus else " " if directive.space else ""
    if directive.precision is not None:
        if directive.precision == value == 0:
            return ""
        least = directive.precision
    else:
        least = (directive.width or 0) - bool(sign) if directive.zero and not directive.minus else 0
    digits = format(abs(value), base).rjust(least, "0")
    if directive.verb == "O":
        prefix = "0o"
    if base == "o" and directive.sharp and digits[0] != "0":
        digits = f"0{digits}"
    return sign + prefix + digits


def _character(value: int) -> str:
    return character(value) if value >= 0 else REPLACEMENT


def _unicode(value: int, directive: Directive) -> str:
    code = value % 2**64
    text = f"U+{code:0{max(directive.precision or 0, 4)}X}"
    if directive.sharp and code <= 0x10FFFF and is_printable(chr(code)):
        return f"{text} '{chr(code)}'"
    return text
