"""Quoted text: Go's %q."""

from __future__ import annotations

import re

_NAMED = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v", "\\": "\\\\"}
_NO_BACKQUOTE = re.compile("[\x00-\x08\x0a-\x1f`\x7f\ufeff\ud800-\udfff]")
REPLACEMENT = "\ufffd"


def quoted(text: str, quote: str = '"', *, ascii_only: bool = False) -> str:
    """A Go literal that means `text`."""
    if text.isascii() and text.isprintable() and quote not in text and "\\" not in text:
        return f"{quote}{text}{quote}"
    return quote + "".join(_escaped(sign, quote, ascii_only=ascii_only) for sign in text) + quote


def can_backquote(text: str) -> bool:
    return _NO_BACKQUOTE.search(text) is None


def is_printable(sign: str) -> bool:
    """As Go sees it: letters, marks, numbers, signs, and the plain space."""
    return sign.isprintable()


def character(code: int) -> str:
    """The character of a code point; the replacement character if there is none."""
    return chr(code) if 0 <= code <= 0x10FFFF and not 0xD800 <= code < 0xE000 else REPLACEMENT


def _escaped(sign: str, quote: str, *, ascii_only: bool) -> str:
    code = ord(sign)
    if sign == quote:
        return f"\\{sign}"
    if sign in _NAMED:
        return _NAMED[sign]
    if 0xDC80 <= code < 0xDD00:
        return f"\\x{code - 0xDC00:02x}"
    if is_printable(sign) and (code < 0x80 or not ascii_only):
        return sign
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
