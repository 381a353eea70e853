"""Go's own functions, all by name, with those that escape text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import quote_plus

from gotemplate.formatting import sprint, sprintf, sprintln
from gotemplate.formatting.printing import NO_VALUE
from gotemplate.formatting.quoting import is_printable
from gotemplate.functions import Function, function
from gotemplate.library.comparison import equal, greater, greater_or_equal, less, less_or_equal, unequal
from gotemplate.library.items import index, length, slice_of
from gotemplate.values import to_bytes, type_name

_HTML = {"\0": "\ufffd", '"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;"}
_HTML_TABLE = str.maketrans(_HTML)
_JS_SPECIAL = re.compile("[\\\\'\"<>&=\x00-\x1f]|[^\x00-\x7f]")
_JS_ESCAPED = {"\\": "\\\\", "'": "\\'", '"': '\\"'}


def html(*values: object) -> str:
    return _text(values).translate(_HTML_TABLE)


def js(*values: object) -> str:
    return _JS_SPECIAL.sub(_escaped, _text(values))


def urlquery(*values: object) -> str:
    return quote_plus(to_bytes(_text(values)))


def _escaped(found: re.Match[str]) -> str:
    sign = found[0]
    if sign in _JS_ESCAPED:
        return _JS_ESCAPED[sign]
    code = ord(sign)
    if code >= 0x80 and (is_printable(sign) or 0xDC80 <= code < 0xDD00):
        return sign
    return f"\\u{code:04X}"


def _text(values: tuple[object, ...]) -> str:
    return sprint(*(NO_VALUE if value is None else value for value in values))


def _not(value: object) -> bool:
    return not value


def _call(value: object, *_: object) -> object:
    """Refuses `call`: data contain no functions."""
    raise ValueError(f"a value of type {type_name(value)} is no function")


def _and(first: object, *rest: object) -> object:
    """Stands for `and` and `or`, which are compiled because they may stop early; only its parameters are used."""
    raise NotImplementedError


def _or(first: object, *rest: object) -> object:
    raise NotImplementedError


CHOICES: Mapping[str, Function] = {"and": function(_and), "or": function(_or)}

_Named = dict[str, Callable[..., object]]
_EQUALITY: _Named = {"eq": equal, "ne": unequal}
_ORDER: _Named = {"ge": greater_or_equal, "gt": greater, "le": less_or_equal, "lt": less}
_ESCAPING: _Named = {"html": html, "js": js, "urlquery": urlquery}
_ITEMS: _Named = {"call": _call, "index": index, "len": length, "not": _not, "slice": slice_of}
_PRINTING: _Named = {"print": sprint, "printf": sprintf, "println": sprintln}
_PLAIN = _EQUALITY | _ORDER | _ESCAPING | _ITEMS | _PRINTING
BUILTINS: Mapping[str, Function] = {**CHOICES, **{name: function(one) for name, one in _PLAIN.items()}}


class Functions(dict[str, Function]):
    """Functions by name, Go's own among them. Make it once for many templates."""

    def __init__(self, own: Mapping[str, Callable[..., object] | Function] | None = None) -> None:
        given = (own or {}).items()
        super().__init__(BUILTINS)
        self.update({name: one if isinstance(one, Function) else function(one) for name, one in given})
