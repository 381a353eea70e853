"""Which fields belong to which kind of test: one table for the checks, the writing and the reference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from clearway.pairing.table import PAIRINGS


@dataclass(frozen=True, slots=True)
class Applies:
    """A field means something only where `selector`, another field, has one of `values`."""

    selector: str
    values: tuple[str, ...]


def _pairings_with(field: str) -> tuple[str, ...]:
    return tuple(row.name for row in PAIRINGS.values() if field in row.fields)


APPLIES: Mapping[str, Applies] = {
    "streams": Applies("protocol", ("tcp",)),
    "congestion": Applies("protocol", ("tcp",)),
    "buffer": Applies("protocol", ("tcp", "udp")),
    "rate": Applies("protocol", ("udp", "http")),
    "datagram": Applies("protocol", ("udp",)),
    "connections": Applies("protocol", ("http",)),
    "body": Applies("protocol", ("http",)),
    "message": Applies("protocol", ("round-trip",)),
    "transport": Applies("protocol", ("round-trip",)),
    "background": Applies("protocol", ("http", "round-trip")),
    **{field: Applies("pairing", _pairings_with(field)) for row in PAIRINGS.values() for field in row.fields},
    "judge-cross-zone": Applies("scope", ("any",)),
}
"""By the name as written; a field that is not here belongs to every test."""

NEEDED: Mapping[tuple[str, str], str] = {
    ("protocol", "udp"): "rate",
    **{("pairing", row.name): field for row in PAIRINGS.values() for field in row.needs},
}
"""(selector, value) -> field that such a test can't do without."""


def applies(field: str, test: Mapping[str, object]) -> bool:
    """Whether a field means something in a test, given as a mapping of fields by their written names."""
    rule = APPLIES.get(field)
    return rule is None or test.get(rule.selector) in rule.values


def applicable(fields: Iterable[str], test: Mapping[str, object]) -> tuple[str, ...]:
    """The fields, in order, that mean something in the test."""
    return tuple(field for field in fields if applies(field, test))
