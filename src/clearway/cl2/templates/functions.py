"""ClusterLoader2's functions, by the names that its configs use; YamlQuote chooses a style as Go's yaml.v2 does."""

from __future__ import annotations

import base64
import datetime as dt
import re
from collections.abc import Callable, Mapping
from hashlib import sha256

import yaml

from clearway.cl2.templates import arithmetic
from clearway.cl2.templates.arithmetic import to_float, to_int
from clearway.cl2.templates.chance import Random
from gotemplate import Function, Functions, Int, Ints, Strings, function, parse_float, unfit

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
    style = "|" if "\n" in text else '"' if tag is None and _means_something(text) else None
    event = yaml.ScalarEvent(None, tag, (tag is None, tag is None), text, style=style)
    events = (
        yaml.StreamStartEvent(),
        yaml.DocumentStartEvent(explicit=False),
        event,
        yaml.DocumentEndEvent(explicit=False),
        yaml.StreamEndEvent(),
    )
    emitted: str = yaml.emit(events, Dumper=yaml.CSafeDumper, allow_unicode=True)
    return emitted.removesuffix("...\n")


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


MOST_ITEMS = 1_000_000
"""A template that asks for more has a number too large: it is refused before the memory is full."""
MOST_CHARACTERS = 4_000_000
"""More than the 1.5 MiB that etcd takes for one object."""


def cl2_functions(random: Random, include: Callable[[object], str]) -> Functions:
    """All of them, and Go's; what is drawn comes from `random`, what is included from `include`."""
    including = function(include)
    return Functions({**_PLAIN, **_drawing(random), "IncludeFile": including, "IncludeEmbedFile": including})


def default_param(value: object, otherwise: object) -> object:
    return otherwise if value is None else value


def if_then_else(condition: object, then: object, otherwise: object) -> object:
    if not isinstance(condition, bool):
        raise unfit(condition, "is no condition")
    return then if condition else otherwise


def loop(size: object) -> Ints:
    """0, 1, 2, ..."""
    return Ints(map(Int, range(_count(size))))


def slice_of_zeros(size: object) -> Ints:
    return Ints([Int(0)] * _count(size))


def _count(size: object) -> int:
    count = to_int(to_float(size))
    if not 0 <= count <= MOST_ITEMS:
        raise ValueError(f"a list of {count} items can't be made; {MOST_ITEMS} is the most")
    return count


def string_split(text: str) -> Strings:
    return Strings(text.split(","))


def concat(*texts: str) -> str:
    return "".join(texts)


def lowercase(text: str) -> str:
    """Letter by letter, as in Go: no letter becomes two, and none depends on its neighbours."""
    return "".join(letter.lower()[0] for letter in text)


def structural_data(value: object) -> object:
    """The value as it is: it may bring structure into the YAML."""
    return value


def _length(size: object) -> int:
    length = to_int(to_float(size))
    if not 0 <= length <= MOST_CHARACTERS:
        raise ValueError(f"a text of {length} characters can't be made; {MOST_CHARACTERS} is the most")
    return length


def rand_data_with_seed(size: object, seed: object) -> str:
    length = _length(size)
    if length and not isinstance(seed, str):
        raise unfit(seed, "is no seed")
    digest = sha256(str(seed).encode("utf-8", "surrogateescape")).digest()
    return Random(int.from_bytes(digest[:8], "big", signed=True)).text(length) if length else ""


def _drawing(random: Random) -> Mapping[str, Function]:
    def rand_data(size: object) -> str:
        return random.text(_length(size))

    def rand_int(most: object) -> Int:
        return Int(random.below(to_int(to_float(most)) + 1))

    def rand_int_range(least: object, most: object) -> Int:
        low, high = to_int(to_float(least)), to_int(to_float(most))
        return low if low >= high else Int(low + random.below(high - low + 1))

    drawn: _Named = {"RandData": rand_data, "RandInt": rand_int, "RandIntRange": rand_int_range}
    return {name: function(one) for name, one in drawn.items()}


_Named = dict[str, Callable[..., object]]
_SUMS_OF_FLOATS: _Named = {"AddFloat": arithmetic.add_float, "SubtractFloat": arithmetic.subtract_float}
_SUMS_OF_INTS: _Named = {"AddInt": arithmetic.add_int, "SubtractInt": arithmetic.subtract_int, "Ceil": arithmetic.ceil}
_PRODUCTS: _Named = {"MultiplyFloat": arithmetic.multiply_float, "MultiplyInt": arithmetic.multiply_int}
_QUOTIENTS: _Named = {
    "DivideFloat": arithmetic.divide_float,
    "DivideInt": arithmetic.divide_int,
    "Mod": arithmetic.modulo,
}
_MOST: _Named = {"MaxFloat": arithmetic.max_float, "MaxInt": arithmetic.max_int}
_LEAST: _Named = {"MinFloat": arithmetic.min_float, "MinInt": arithmetic.min_int}
_TEXTS: _Named = {"Concat": concat, "Lowercase": lowercase, "StringSplit": string_split, "YamlQuote": yaml_quote}
_CHOICES: _Named = {"DefaultParam": default_param, "IfThenElse": if_then_else}
_LISTS: _Named = {"Loop": loop, "Seq": slice_of_zeros, "SliceOfZeros": slice_of_zeros}
_ALL = _SUMS_OF_FLOATS | _SUMS_OF_INTS | _PRODUCTS | _QUOTIENTS | _MOST | _LEAST | _TEXTS | _CHOICES | _LISTS
_PLAIN: Mapping[str, Function] = {
    "RandDataWithSeed": function(rand_data_with_seed),
    "StructuralData": function(structural_data, shields=True),
    **{name: function(one) for name, one in _ALL.items()},
}
