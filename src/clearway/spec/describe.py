"""How a value looks in a file, and what can be written for a field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from clearway.base.quantity_text import exact_text
from clearway.base.units import Quantity
from clearway.spec.fields import models_in
from clearway.spec.types import Written


def written_as(info: FieldInfo) -> Written | None:
    """The quantity or criterion that a field takes; None for words and numbers."""
    return next(_markers(info.annotation, info.metadata), None)


def example_of(info: FieldInfo) -> Any:
    """Something that can be written there, for a field without a default."""
    if info.examples:
        return info.examples[0]
    if written := written_as(info):
        return written.examples[0]
    model = next(models_in(info.annotation))
    return as_data(model())


def inline(value: Any) -> str:
    """A value as YAML in one line."""
    return yaml.safe_dump([value], default_flow_style=True, sort_keys=False, width=10_000).strip()[1:-1]


def _markers(annotation: Any, metadata: Any) -> Iterator[Written]:
    yield from (marker for marker in metadata if isinstance(marker, Written))
    inner = get_args(annotation)
    if get_origin(annotation) is Annotated:
        yield from _markers(inner[0], inner[1:])
    else:
        for part in inner:
            yield from _markers(part, ())


def as_data(value: Any) -> Any:
    """As YAML holds it."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True)
    return exact_text(value) if isinstance(value, Quantity) else value
