"""All of them by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gotemplate.formatting import sprint, sprintf, sprintln
from gotemplate.functions import Function, function
from gotemplate.library.comparison import equal, greater, greater_or_equal, less, less_or_equal, unequal
from gotemplate.library.escaping import html, js, urlquery
from gotemplate.library.items import index, length, slice_of
from gotemplate.values import type_name


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

BUILTINS: Mapping[str, Function] = {
    **CHOICES,
    "call": function(_call),
    "eq": function(equal),
    "ge": function(greater_or_equal),
    "gt": function(greater),
    "html": function(html),
    "index": function(index),
    "js": function(js),
    "le": function(less_or_equal),
    "len": function(length),
    "lt": function(less),
    "ne": function(unequal),
    "not": function(_not),
    "print": function(sprint),
    "printf": function(sprintf),
    "println": function(sprintln),
    "slice": function(slice_of),
    "urlquery": function(urlquery),
}


class Functions(dict[str, Function]):
    """Functions by name, Go's own among them. Make it once for many templates."""

    def __init__(self, own: Mapping[str, Callable[..., object] | Function] | None = None) -> None:
        given = (own or {}).items()
        super().__init__(BUILTINS)
        self.update({name: one if isinstance(one, Function) else function(one) for name, one in given})
