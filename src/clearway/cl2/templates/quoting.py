"""YamlQuote: a text as one YAML scalar, in the style that Go's yaml.v2 chooses."""

from __future__ import annotations

import base64
import datetime as dt
import re

import yaml

from gotemplate import Int, parse_float, unfit

_WORDS = frozenset(
    word
    for lower in ("y", "yes", "true", "on", "n", "no", "false", "off", "null", ".nan", ".inf", "+.inf", "-.inf")
    for word in (lower, lower.capitalize(), lower.upper(), ".NaN", ".Inf", "+.Inf", "-.Inf")
) | {"", "~"}
_INTEGER = re.compile(r"[+-]?(?:0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|[1-9][0-9]*|0)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_SIXTIES = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_TIME = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})"
    r"(?:(?P<sign>[Tt ])(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{1,2}):(?P<second>[0-9]{1,2})(?:\.[0-9]+)?"
    r"(?P<zone>Z|[+-][0-9]{2}:[0-9]{2})?)?"
)
_LINE = 70
"""Of base64."""


def yaml_quote(text: object, indent: object) -> str:
    """The scalar, its further lines indented by so many steps of two spaces."""
    if not isinstance(text, str):
        raise unfit(text, "is no text")
    if not isinstance(indent, Int):
        raise unfit(indent, "is no indentation; write the number into the template")
    if not 0 <= indent <= 100:
        raise ValueError(f"an indentation of {indent} makes no sense")
    return quoted(text).replace("\n", "\n" + "  " * indent)


def quoted(text: str) -> str:
    """The scalar and a line break."""
    if not text:
        return '""\n'
    tag: str | None = None
    if any("\udc80" <= sign <= "\udcff" for sign in text):
        text, tag = _encoded(text), "tag:yaml.org,2002:binary"
    event = yaml.ScalarEvent(None, tag, (tag is None, tag is None), text, style=_style(text, tag))
    events = (
        yaml.StreamStartEvent(),
        yaml.DocumentStartEvent(explicit=False),
        event,
        yaml.DocumentEndEvent(explicit=False),
        yaml.StreamEndEvent(),
    )
    emitted: str = yaml.emit(events, Dumper=yaml.CSafeDumper, allow_unicode=True)
    return emitted.removesuffix("...\n")


def _style(text: str, tag: str | None) -> str | None:
    if "\n" in text:
        return "|"
    return '"' if tag is None and _means_something(text) else None


def _means_something(text: str) -> bool:
    """Whether YAML would read the text without quotes as something other than text."""
    if text in _WORDS or _SIXTIES.fullmatch(text) or _is_time(text):
        return True
    if text[0] == ".":
        return parse_float(text) is not None
    plain = text.replace("_", "") if text[0] in "+-0123456789" else ""
    return bool(_INTEGER.fullmatch(plain) or (_FLOAT.fullmatch(plain) and parse_float(plain) is not None))


def _is_time(text: str) -> bool:
    found = _TIME.fullmatch(text)
    if found is None or (found["sign"] in ("T", "t")) != (found["zone"] is not None):
        return False
    parts = (int(found[name] or 0) for name in ("year", "month", "day", "hour", "minute", "second"))
    try:
        dt.datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001
    except ValueError:
        return False
    return True


def _encoded(text: str) -> str:
    code = base64.b64encode(text.encode("utf-8", "surrogateescape")).decode()
    if len(code) < _LINE:
        return code
    return "".join(f"{code[at : at + _LINE]}\n" for at in range(0, len(code), _LINE))
