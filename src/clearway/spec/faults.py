"""What validation found, as problems with their places."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from clearway.spec.document import YamlDocument
from clearway.spec.fields import Model, field_at, literals_in, models_at, written_fields
from clearway.spec.problems import Path, Problem, dotted, shown

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Fault:
    """A problem that only knows its path yet: what a check over several fields yields."""

    code: str
    path: Path
    allowed: tuple[str, ...] = ()
    suggestion: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


def placed(document: YamlDocument, fault: Fault) -> Problem:
    """The fault as a problem, at the place of its value."""
    place, found = document.place(fault.path), shown(document.at(fault.path))
    return Problem(fault.code, place, dotted(fault.path), found, fault.allowed, fault.suggestion, fault.values)


def closest(word: str | None, known: tuple[str, ...]) -> str | None:
    """The known word that was probably meant."""
    matches = difflib.get_close_matches(word or "", known, n=1)
    return matches[0] if matches else None


def problems_of(document: YamlDocument, model: Model, error: ValidationError) -> Iterator[Problem]:
    """Each thing that validation refused, once."""
    seen: set[tuple[str, Path]] = set()
    for detail in error.errors(include_url=False):
        path = _existing(document, detail["loc"])
        # A list counts as too short as well when its items were refused.
        echo = detail["type"] == "too_short" and len(detail["input"]) >= detail["ctx"]["min_length"]
        if echo or (detail["type"], path) in seen:
            continue
        seen.add((detail["type"], path))
        yield _problem(document, model, detail, path)


def _existing(document: YamlDocument, loc: tuple[int | str, ...]) -> Path:
    """Validation also names the branch of a union; only what is in the document is kept."""
    path: Path = ()
    for part in loc:
        longer = (*path, part)
        if document.at(longer) is None and longer not in document.values:
            continue
        path = longer
    return path


def _problem(document: YamlDocument, model: Model, detail: ErrorDetails, path: Path) -> Problem:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown_key(document, model, path)
    if kind == "missing":
        name = str(detail["loc"][-1])
        return Problem("spec.missing-key", document.place(path), dotted((*path, name)), values={"name": name})
    if detail["input"] is None:
        return placed(document, Fault("spec.empty-value" if path else "spec.empty-file", path))
    return placed(document, _value_fault(kind, context, _Spot(path, shown(detail["input"]), field_at(model, path))))


def _unknown_key(document: YamlDocument, model: Model, path: Path) -> Problem:
    key = str(path[-1])
    allowed = tuple(name for holder in models_at(model, path[:-1]) for name in written_fields(holder))
    place = document.key_place(path)
    return Problem("spec.unknown-key", place, dotted(path), key, allowed, closest(key, allowed))


@dataclass(frozen=True, slots=True)
class _Spot:
    """A refused value and the field it was meant for."""

    path: Path
    found: str | None
    info: FieldInfo | None


def _value_fault(kind: str, context: Mapping[str, Any], spot: _Spot) -> Fault:
    if "." in kind:
        return _own_fault(kind, context, spot.path)
    if kind in _BOUNDS:
        return _bound_fault(kind, context, spot)
    if kind in ("literal_error", "enum"):
        allowed = literals_in(spot.info.annotation) if spot.info else ()
        return Fault("spec.not-one-of", spot.path, allowed, closest(spot.found, allowed))
    code = next((code for matches, code in _SHAPES if matches(kind)), "spec.wrong-value")
    return Fault(code, spot.path, ("true", "false") if kind.startswith("bool") else ())


def _own_fault(code: str, context: Mapping[str, Any], path: Path) -> Fault:
    """Refused by a unit or the criterion grammar: their values, with what is allowed set apart."""
    values = dict(context)
    allowed = tuple(values.pop("choices", ()) or values.pop("allowed", ()))
    return Fault(code, path, allowed, values.pop("suggestion", None), values)


def _bound_fault(kind: str, context: Mapping[str, Any], spot: _Spot) -> Fault:
    code, name, key = _BOUNDS[kind]
    # Validation's context holds a quantity only as text; the field still has it.
    declared = (getattr(bound, key, None) for bound in (spot.info.metadata if spot.info else ()))
    bound = next((value for value in declared if value is not None), context[key])
    return Fault(code, spot.path, values={name: bound})


_BOUNDS: Mapping[str, tuple[str, str, str]] = {
    "greater_than": ("spec.too-small", "above", "gt"),
    "greater_than_equal": ("spec.too-small", "at_least", "ge"),
    "less_than": ("spec.too-big", "below", "lt"),
    "less_than_equal": ("spec.too-big", "at_most", "le"),
    "too_short": ("spec.too-few", "at_least", "min_length"),
    "too_long": ("spec.too-many", "at_most", "max_length"),
    "string_pattern_mismatch": ("spec.bad-name", "pattern", "pattern"),
}
"""What validation calls it -> our code, the value's name, its name in validation's context."""
_SHAPES: tuple[tuple[Callable[[str], bool], str], ...] = (
    (lambda kind: kind.startswith("bool_"), "spec.not-a-switch"),
    (lambda kind: kind.startswith("int_"), "spec.not-a-whole-number"),
    (lambda kind: kind.startswith("float_"), "spec.not-a-number"),
    (lambda kind: kind.startswith("string_"), "spec.not-text"),
    (lambda kind: kind in ("list_type", "tuple_type"), "spec.not-a-list"),
    (lambda kind: kind in ("model_type", "model_attributes_type", "dict_type"), "spec.not-a-mapping"),
)
