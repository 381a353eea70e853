"""Any record, made from its own type hints."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import is_dataclass
from enum import Enum
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from clearway.base.texts import cleaned
from clearway.base.units import Count, Duration, Frequency, Quantity, Rate, Ratio, Size
from clearway.probe.histogram import Histogram
from clearway.probe.json_values import Address, Mtu, Port, Version
from clearway.probe.measurement import Interval, Series
from clearway.probe.slot import HOST, POD, Network

FINITE = st.floats(-1e30, 1e30)
WORDS = st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]), max_size=8).map(cleaned)
QUANTITIES = st.one_of(*(st.builds(kind, FINITE) for kind in (Rate, Size, Duration, Ratio, Frequency, Count)))
VALUES = st.one_of(
    WORDS, st.integers(-(2**63), 2**63 - 1), FINITE, st.booleans(), QUANTITIES, st.lists(WORDS, max_size=3).map(tuple)
)
HISTOGRAMS = st.lists(st.floats(0, 1e6), max_size=9).map(Histogram.of)
PLAIN: Mapping[Any, SearchStrategy[Any]] = {
    str: WORDS.filter(bool),
    int: st.integers(0, 2**53),
    float: FINITE,
    bool: st.booleans(),
    type(None): st.none(),
    Any: VALUES,
    Interval: st.floats(1e-3, 1e3).map(Duration),
    Series: st.lists(st.integers(0, 2**53).map(Size), min_size=1, max_size=3).map(tuple),
    Address: st.ip_addresses().map(str),
    Port: st.integers(1, 65_535),
    Mtu: st.integers(68, 65_535),
    Version: st.lists(st.integers(0, 999).map(str), min_size=1, max_size=4).map(".".join),
    Histogram: HISTOGRAMS,
    Network: st.sampled_from((POD, HOST)),
    # Byte counts travel as whole numbers.
    Size: st.builds(Size, st.integers(0, 2**53)),
}


def any_of(hint: Any) -> SearchStrategy[Any]:
    """Values of a type hint as the records use them."""
    if hint in PLAIN:
        return PLAIN[hint]
    arguments = typing.get_args(hint)
    origin = typing.get_origin(hint)
    if origin is typing.Annotated:
        return any_of(arguments[0])
    if origin is typing.Union:
        return st.one_of(*(any_of(part) for part in arguments))
    if origin is tuple:
        return st.lists(any_of(arguments[0]), max_size=3).map(tuple)
    if origin is not None:
        keys = st.integers(-60, 60) if arguments[0] is int else WORDS
        return st.dictionaries(keys, any_of(arguments[1]), max_size=3)
    return _of_class(hint)


def _of_class(kind: type[Any]) -> SearchStrategy[Any]:
    if issubclass(kind, Quantity):
        return st.builds(kind, FINITE)
    if issubclass(kind, Enum):
        return st.sampled_from(kind)
    assert is_dataclass(kind), kind
    return st.builds(
        kind, **{name: any_of(hint) for name, hint in typing.get_type_hints(kind, include_extras=True).items()}
    )
