"""Go's literals: strings, characters, numbers."""

from __future__ import annotations

import math
import re

from gotemplate.errors import Refusal
from gotemplate.syntax.tree import Constant
from gotemplate.values import Int, from_bytes, to_bytes

_ESCAPE = re.compile(
    r"""\\(?:(?P<sign>[abfnrtv\\'"])|(?P<octal>[0-7]{3})|x(?P<byte>[0-9a-fA-F]{2})
    |u(?P<short>[0-9a-fA-F]{4})|U(?P<long>[0-9a-fA-F]{8})|(?P<bad>.?))""",
    re.VERBOSE | re.DOTALL,
)
_SIGNS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\"}


def unquoted(source: str, at: int) -> str:
    """The text of a quoted or raw string literal."""
    if source[0] == "`":
        return source[1:-1].replace("\r", "")
    body = source[1:-1]
    if "\\" not in body:
        return body
    plain = _ESCAPE.sub(lambda found: _escaped(found, '"', at), body)
    # Escaped bytes may make up a character together.
    return from_bytes(to_bytes(plain))


def character(source: str, at: int) -> Constant:
    """A character literal is the number of its code point."""
    body = source[1:-1]
    found = _ESCAPE.fullmatch(body)
    if found is not None:
        return Constant(Int(_code(found, at)), at)
    if len(body) != 1 or body == "\\":
        raise Refusal(f"{source} is no character constant", at, "write text in double quotes")
    return Constant(Int(ord(body)), at)


def _code(found: re.Match[str], at: int) -> int:
    digits = found["octal"] or found["byte"]
    if digits is not None:
        return _byte(digits, 8 if found["octal"] else 16, at)
    return ord(_escaped(found, "'", at))


def _escaped(found: re.Match[str], quote: str, at: int) -> str:
    sign, digits = found["sign"], found["octal"] or found["byte"]
    if sign is not None and (sign in _SIGNS or sign == quote):
        return _SIGNS.get(sign, sign)
    if digits is not None:
        code = _byte(digits, 8 if found["octal"] else 16, at)
        return chr(code) if code < 0x80 else chr(0xDC00 + code)
    digits = found["short"] or found["long"]
    if digits is None or (code := int(digits, 16)) > 0x10FFFF or 0xD800 <= code < 0xE000:
        raise Refusal(f"{found[0]} is no escape that Go knows", at, "a backslash itself is written \\\\")
    return chr(code)


def _byte(digits: str, base: int, at: int) -> int:
    code = int(digits, base)
    if code > 255:
        raise Refusal(f"\\{digits} is no byte", at)
    return code


_USUAL = re.compile(r"0|[1-9][0-9]{0,17}")
"""Nearly all numbers: whole ones that fit without a check."""
_OCTAL = re.compile(r"(?P<sign>[+-]?)0(?P<digits>_?[0-7]+(?:_[0-7]+)*)")
_INTEGER = re.compile(
    r"[+-]?(?:0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|[1-9](?:_?[0-9])*|0)", re.ASCII
)
_DIGITS = r"[0-9](?:_?[0-9])*"
_FLOAT = re.compile(rf"[+-]?(?:{_DIGITS}\.?(?:{_DIGITS})?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?")
_NAMED = re.compile(r"[+-]?inf(?:inity)?|nan", re.IGNORECASE)
_HEX = r"[0-9a-fA-F](?:_?[0-9a-fA-F])*"
_HEX_FLOAT = re.compile(rf"[+-]?0[xX](?:_?{_HEX}\.?(?:{_HEX})?|\.{_HEX})[pP][+-]?{_DIGITS}")
_HEX_INTEGER = re.compile(r"0[xX][^pP]+")
_LONGEST = 400
"""Characters of a number: more than any that a float can hold; Python itself refuses to read more than 4,300 digits."""


def number(source: str, at: int) -> Constant:
    """A number as Go's template language types it: `1e3` is a float, `0x1e3` an int."""
    if _USUAL.fullmatch(source):
        return Constant(Int(source), at)
    if len(source) > _LONGEST:
        raise Refusal(f"a number of {len(source)} characters is too long", at)
    if source[-1] == "i":
        raise Refusal(f"imaginary numbers are not known here: {source}", at)
    whole, looks_float = _integer(source), any(sign in source for sign in ".eEpP")
    if whole is not None and (not looks_float or _HEX_INTEGER.fullmatch(source)):
        return _checked(whole, source, at)
    value = parse_float(source) if whole is None else float(str(whole))
    if value is None or not looks_float:
        raise Refusal(f"{source} is no number", at)
    return Constant(value, at)


def _checked(whole: int, source: str, at: int) -> Constant:
    if -(2**63) <= whole < 2**63:
        return Constant(Int(whole), at)
    if 0 <= whole < 2**64 and source[0] not in "+-":
        return Constant(0, at, refused=f"{source} is more than an int can hold")
    raise Refusal(f"{source} is more than an int can hold", at)


def _integer(source: str) -> int | None:
    if octal := _OCTAL.fullmatch(source):
        return int(octal["sign"] + octal["digits"].lstrip("_"), 8)
    return int(source, 0) if _INTEGER.fullmatch(source) else None


def parse_float(source: str) -> float | None:
    """What Go's strconv.ParseFloat reads; None for no number, and for one that is too large."""
    try:
        if _FLOAT.fullmatch(source) or _NAMED.fullmatch(source):
            value = float(source)
        elif _HEX_FLOAT.fullmatch(source):
            value = float.fromhex(source.replace("_", ""))
        else:
            return None
    except (OverflowError, ValueError):
        return None
    return None if math.isinf(value) and source[-1].isdecimal() else value
