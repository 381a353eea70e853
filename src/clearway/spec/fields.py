"""The fields of the models: names as written, values allowed, which models lie below; and which fields belong to which
kind of test, as one table for the checks, the writing and the reference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from clearway.pairing.table import PAIRINGS
from clearway.spec.problems import Path

Model = type[BaseModel]


def written_fields(model: Model) -> Mapping[str, FieldInfo]:
    """The fields by their names in a file."""
    return {info.alias or name: info for name, info in model.model_fields.items()}


def models_in(annotation: Any) -> Iterator[Model]:
    """Every model that a value of this type may be or hold, nearest first."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in _inner(annotation):
        yield from models_in(inner)


def literals_in(annotation: Any) -> tuple[str, ...]:
    """The words that a field of this type takes, if it takes words out of a list."""
    if get_origin(annotation) is Literal:
        return tuple(str(value) for value in get_args(annotation))
    return tuple(word for inner in _inner(annotation) for word in literals_in(inner))


def models_at(model: Model, path: Path) -> tuple[Model, ...]:
    """The models that the value at `path` is read into, from a document read into `model`."""
    models: tuple[Model, ...] = (model,)
    for part in path:
        if isinstance(part, str) and (found := _below(models, part)):
            models = found
    return models


def field_at(model: Model, path: Path) -> FieldInfo | None:
    """The field of the value at `path`, or of the list whose item it is."""
    keys = [index for index, part in enumerate(path) if isinstance(part, str)]
    for last in reversed(keys):
        for holder in models_at(model, path[:last]):
            if info := written_fields(holder).get(str(path[last])):
                return info
    return None


def _below(models: tuple[Model, ...], key: str) -> tuple[Model, ...]:
    infos = (written_fields(model).get(key) for model in models)
    return tuple(found for info in infos if info is not None for found in models_in(info.annotation))


def _inner(annotation: Any) -> tuple[Any, ...]:
    if get_origin(annotation) is Annotated:
        return get_args(annotation)[:1]
    if get_origin(annotation) in (Union, UnionType, tuple, list, dict):
        return get_args(annotation)
    return ()


@dataclass(frozen=True, slots=True)
class Applies:
    """A field means something only where `selector`, another field, has one of `values`."""

    selector: str
    values: tuple[str, ...]


APPLIES: Mapping[str, Applies] = {
    "streams": Applies("protocol", ("tcp",)),
    "congestion": Applies("protocol", ("tcp",)),
    "buffer": Applies("protocol", ("tcp", "udp")),
    "rate": Applies("protocol", ("udp", "http")),
    "datagram": Applies("protocol", ("udp",)),
    "flows": Applies("protocol", ("udp",)),
    "search": Applies("protocol", ("udp",)),
    "connections": Applies("protocol", ("http",)),
    "body": Applies("protocol", ("http",)),
    "message": Applies("protocol", ("round-trip",)),
    "transport": Applies("protocol", ("round-trip",)),
    "ladder": Applies("protocol", ("tcp", "http", "round-trip")),
    "background": Applies("protocol", ("http", "round-trip")),
    "against-idle": Applies("protocol", ("round-trip",)),
    **{
        field: Applies("pairing", tuple(other.name for other in PAIRINGS.values() if field in other.fields))
        for row in PAIRINGS.values()
        for field in row.fields
    },
    "judge-cross-zone": Applies("scope", ("any",)),
    "show-cross-zone": Applies("scope", ("same-zone",)),
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
