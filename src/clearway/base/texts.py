"""Text from outside: the one place that takes out what could steer a terminal, a page or a reader's eye."""

from __future__ import annotations

import re

_UNSAFE = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters but tab and newline
    r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # what turns the direction of writing
    r"\u2028\u2029"  # line ends that few programs know
    r"\ud800-\udfff\ufffe\uffff"  # no characters: they can't be written as UTF-8, or not in XML
)
_TERMINAL = r"\x1b\[[0-9;?]*[ -/]*[@-~]"
"""What a terminal takes as a command. It goes as a whole."""
_FOUND = re.compile(f"{_TERMINAL}|[{_UNSAFE}]")
_REPLACEMENT = "\ufffd"
"""A reader sees that something was there, and no cleaned text becomes equal to another one."""


def is_clean(text: str) -> bool:
    return text.replace("\n", "").replace("\t", "").isprintable() or _FOUND.search(text) is None


def stripped(text: str) -> str:
    """For a sentence of our own around it: without what was found, which is no news there."""
    return text if is_clean(text) else _FOUND.sub("", text)


def cleaned(text: str) -> str:
    """The text as it may be kept and shown. Cleaning it again changes nothing."""
    return text if is_clean(text) else _FOUND.sub(_REPLACEMENT, text)
