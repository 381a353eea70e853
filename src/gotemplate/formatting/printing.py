"""Values under a verb, and values as they are."""

from __future__ import annotations

from collections.abc import Callable

from gotemplate.formatting.directive import PLAIN, Directive, bounded
from gotemplate.formatting.floats import VERBS as FLOAT_VERBS
from gotemplate.formatting.floats import formatted_float, general
from gotemplate.formatting.integers import VERBS as INTEGER_VERBS
from gotemplate.formatting.integers import formatted_integer
from gotemplate.formatting.quoting import can_backquote, quoted
from gotemplate.values import to_bytes, type_name

NIL = "<nil>"
NO_VALUE = "<no value>"


def shown(value: object) -> str:
    """What an action prints."""
    return NO_VALUE if value is None else _plain(value)


def sprint(*values: object) -> str:
    """Joined, with a space between two values that are both not text."""
    pieces: list[str] = []
    before_is_text = True
    for value in values:
        is_text = isinstance(value, str)
        if not is_text and not before_is_text:
            pieces.append(" ")
        pieces.append(_plain(value))
        before_is_text = is_text
    return bounded(pieces)


def sprintln(*values: object) -> str:
    return bounded([" ".join(map(_plain, values)), "\n"])


def _plain(value: object) -> str:
    """The same as %v."""
    kind = type(value)
    if kind is str:
        return str(value)
    if kind is bool:
        return "true" if value else "false"
    if kind is float:
        return general(float(value))  # type: ignore[arg-type]
    if isinstance(value, int):
        return int.__repr__(value)
    return formatted(value, PLAIN)


def formatted(value: object, directive: Directive) -> str:
    """An argument of printf under its verb. Raises ValueError for what can't be printed."""
    verb = directive.verb
    if value is None:
        return directive.padded(NIL) if verb in "Tv" else _bad_verb(value, directive)
    if verb == "T":
        return _text(type_name(value), directive.as_verb("s"))
    if verb == "p":
        if isinstance(value, list | dict):
            raise ValueError("the address of a value is another each time, so %p has no use")
        return _bad_verb(value, directive)
    if verb == "w" and isinstance(value, list | dict):
        return _bad_verb(value, directive)
    return _by_kind(value, directive)


def _by_kind(value: object, directive: Directive) -> str:
    for kind, verbs, write in _WRITERS:
        if isinstance(value, kind):
            return write(value, directive) if directive.verb in verbs else _bad_verb(value, directive)
    if isinstance(value, list):
        return _list(value, directive)
    if isinstance(value, dict):
        return _map(value, directive)
    raise ValueError(f"a {type_name(value)} can't be printed")


def _bad_verb(value: object, directive: Directive) -> str:
    if value is None:
        return f"%!{directive.verb}({NIL})"
    return f"%!{directive.verb}({type_name(value)}={_by_kind(value, directive.as_verb('v'))})"


def _boolean(value: bool, directive: Directive) -> str:  # noqa: FBT001
    return directive.padded("true" if value else "false")


def _text(text: str, directive: Directive) -> str:
    verb = directive.verb
    if verb in "xX":
        return _bytes_as_hex(text, directive)
    if directive.precision is not None:
        text = text[: directive.precision]
    if verb != "q" and not directive.go_syntax:
        return directive.padded(text)
    if directive.sharp and can_backquote(text):
        return directive.padded(f"`{text}`")
    return directive.padded(quoted(text, ascii_only=directive.plus))


def _bytes_as_hex(text: str, directive: Directive) -> str:
    data = to_bytes(text)[: directive.precision]
    prefix = f"0{directive.verb}" if directive.sharp else ""
    joined = data.hex(" ") if directive.space else data.hex()
    joined = joined.upper() if directive.verb == "X" else joined
    if data:
        joined = prefix + (joined.replace(" ", f" {prefix}") if directive.space else joined)
    return directive.padded(joined)


def _list(value: list[object], directive: Directive) -> str:
    pieces = [_inside(item, directive) for item in value]
    if directive.go_syntax:
        return bounded([type_name(value), "{", ", ".join(pieces), "}"])
    return bounded(["[", " ".join(pieces), "]"])


def _map(value: dict[str, object], directive: Directive) -> str:
    pieces = [f"{_inside(key, directive)}:{_inside(value[key], directive)}" for key in sorted(value)]
    if directive.go_syntax:
        return bounded([type_name(value), "{", ", ".join(pieces), "}"])
    return bounded(["map[", " ".join(pieces), "]"])


def _inside(value: object, directive: Directive) -> str:
    if value is None:
        return f"interface {{}}({NIL[1:-1]})" if directive.go_syntax else NIL
    return _by_kind(value, directive)


_WRITERS: tuple[tuple[type, frozenset[str], Callable[..., str]], ...] = (
    (bool, frozenset("tv"), _boolean),
    (int, INTEGER_VERBS, formatted_integer),
    (float, FLOAT_VERBS, formatted_float),
    (str, frozenset("vsxXq"), _text),
)
