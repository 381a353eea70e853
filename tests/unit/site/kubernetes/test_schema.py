"""The mailbox's schema is one that an API server takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from clearway.site.kubernetes.schema import mailbox_schema, structural

TAKEN: Mapping[str, type | tuple[type, ...]] = {
    "type": str,
    "description": str,
    "required": list,
    "properties": dict,
    "items": dict,
    "additionalProperties": dict,
    "enum": list,
    "default": dict,
    "minimum": (int, float),
    "maximum": (int, float),
    "exclusiveMinimum": bool,
    "pattern": str,
    "minItems": int,
    "x-kubernetes-map-type": str,
    "x-kubernetes-preserve-unknown-fields": bool,
}
"""Keywords of structural schemas that are used here, with the type that the API server's own has."""


def parts(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield schema
    inner = [*schema.get("properties", {}).values(), schema.get("items"), schema.get("additionalProperties")]
    for one in filter(None, inner):
        yield from parts(one)


def test_each_keyword_is_one_of_a_structural_schema_with_its_type() -> None:
    for part in parts(mailbox_schema()):
        for keyword, value in part.items():
            assert isinstance(value, TAKEN[keyword]), (keyword, value)


def test_a_bound_that_itself_is_not_allowed_is_a_minimum_and_a_flag() -> None:
    made = structural({"type": "number", "exclusiveMinimum": 0})
    assert made == {"type": "number", "minimum": 0, "exclusiveMinimum": True}
