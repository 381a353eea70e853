"""A spec as text that loads back equal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from clearway.spec.applies import applies
from clearway.spec.model import Spec


def dump_spec(spec: Spec) -> str:
    """YAML with every default spelled out; fields that mean nothing for their test are left out."""
    return dump_mapping(spec_mapping(spec))


def dump_mapping(data: Mapping[str, Any]) -> str:
    """YAML as we write it: in order, Unicode as it is."""
    return yaml.safe_dump(dict(data), sort_keys=False, allow_unicode=True, width=120)


def spec_mapping(spec: Spec) -> dict[str, Any]:
    """The spec as mappings, lists and text; JSON can carry it too."""
    data: dict[str, Any] = spec.model_dump(mode="json", by_alias=True, exclude_none=True)
    data["tests"] = [_applicable(test) for test in data["tests"]]
    return data


def _applicable(test: Mapping[str, Any]) -> dict[str, Any]:
    return {field: value for field, value in _written(test.items()) if applies(field, test)}


def _written(fields: Iterable[tuple[str, Any]]) -> Iterable[tuple[str, Any]]:
    return (item for item in fields if item != ("accept", []))
