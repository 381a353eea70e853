"""html, js and urlquery: text made safe for another language."""

from __future__ import annotations

import re
from urllib.parse import quote_plus

from gotemplate.formatting import sprint
from gotemplate.formatting.printing import NO_VALUE
from gotemplate.formatting.quoting import is_printable
from gotemplate.values import to_bytes

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
