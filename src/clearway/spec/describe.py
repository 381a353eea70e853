"""How a field looks in a file: what can be written, and what holds where nothing is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

import yaml
from annotated_types import Ge, Gt, Le
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from clearway.base.units import Quantity, exact_text
from clearway.spec.fields import literals_in, models_in
from clearway.spec.types import Written


def written_as(info: FieldInfo) -> Written | None:
    """The quantity or criterion that a field takes; None for words and numbers."""
    return next(_markers(info.annotation, info.metadata), None)


def kind_of(info: FieldInfo) -> str:
    """What can be written there, in a few words of Markdown."""
    if words := literals_in(info.annotation):
        return ", ".join(f"`{word}`" for word in words)
    if written := written_as(info):
        return f"{written.kind}: {', '.join(f'`{example}`' for example in written.examples)}{_range(info)}"
    if model := next(models_in(info.annotation), None):
        several = "list of " if get_origin(info.annotation) is tuple else ""
        return f"{several}[{model.__name__}](#{model.__name__.lower()})"
    plain = next(name for kind, name in _PLAIN.items() if kind in (info.annotation, *get_args(info.annotation)))
    return f"{plain}{_range(info)}"


def default_of(info: FieldInfo) -> Any:
    """What holds where nothing is written, as YAML would hold it; None: nothing does."""
    if info.is_required():
        return None
    return _as_data(info.get_default(call_default_factory=True, validated_data={}))


def example_of(info: FieldInfo) -> Any:
    """Something that can be written there, for a field without a default."""
    if info.examples:
        return info.examples[0]
    if written := written_as(info):
        return written.examples[0]
    model = next(models_in(info.annotation))
    return _as_data(model())


def inline(value: Any) -> str:
    """A value as YAML in one line."""
    return yaml.safe_dump([value], default_flow_style=True, sort_keys=False, width=10_000).strip()[1:-1]


_PLAIN: dict[type, str] = {bool: "`true` or `false`", int: "whole number", str: "text"}


def _markers(annotation: Any, metadata: Any) -> Iterator[Written]:
    yield from (marker for marker in metadata if isinstance(marker, Written))
    inner = get_args(annotation)
    if get_origin(annotation) is Annotated:
        yield from _markers(inner[0], inner[1:])
    else:
        for part in inner:
            yield from _markers(part, ())


def _as_data(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True)
    return exact_text(value) if isinstance(value, Quantity) else value


def _range(info: FieldInfo) -> str:
    bounds = [text for bound in info.metadata if (text := _bound(bound))]
    return f"; {' and '.join(bounds)}" if bounds else ""


def _bound(bound: object) -> str | None:
    if isinstance(bound, Gt):
        return f"more than {_as_data(bound.gt)}"
    if isinstance(bound, Ge):
        return f"at least {_as_data(bound.ge)}"
    return f"at most {_as_data(bound.le)}" if isinstance(bound, Le) else None
