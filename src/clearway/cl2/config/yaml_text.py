"""YAML as ClusterLoader2 reads it: its types of values, and keys without regard to case, as its own tests rely on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from pydantic import BaseModel

from clearway.spec.document import YamlDocument, parse_document
from clearway.spec.fields import Model, models_in, written_fields
from clearway.spec.problems import Path, Problem, dotted

Variables = Mapping[str, Any]
"""Variables of templates, by name. Numbers from YAML are floats, as Go decodes them; from the environment, ints."""


class _GoLoader(yaml.CSafeLoader):
    """Words and numbers as Go's YAML reads them: `1e3` is a number; dates and times of day are texts."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - as the base has it


for _tag, _pattern, _first in (
    ("bool", r"yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF", "yYnNtTfFoO"),
    ("int", r"[-+]?(0|[1-9][0-9]{0,17}|0x[0-9a-fA-F]{1,15})", "-+0123456789"),
    # What 64 bits can't hold is a float too.
    ("float", r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE])|[1-9][0-9]{18,})([eE][-+]?[0-9]+)?", "-+0123456789."),
    ("null", r"~|null|Null|NULL|", "~nN"),
):
    _GoLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"(?:{_pattern})$"), [*_first, ""])


def _number(loader: yaml.CSafeLoader, node: yaml.ScalarNode) -> float:
    return float(node.value)


_GoLoader.add_constructor("tag:yaml.org,2002:float", _number)


def go_document(text: str, source: str) -> YamlDocument:
    """The document in a text. Raises SpecError if it is not YAML; other faults go into its `problems`."""
    document = parse_document(text, source)
    data: Any = None if document.problems else yaml.load(text, _GoLoader)  # noqa: S506 - a safe loader of our own
    return YamlDocument(source, data, document.values, document.keys, document.problems)


def as_go_decodes(value: Any) -> Any:
    """A value out of YAML as a template sees it: every number is a float."""
    if isinstance(value, dict):
        return {str(key): as_go_decodes(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_go_decodes(inner) for inner in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def respelled(document: YamlDocument, model: type[BaseModel]) -> YamlDocument:
    """The document with each key of a field in the field's own spelling; unknown keys stay."""
    found = _Respelling(document)
    data = found.value(document.data, (model,), (), ())
    values = {new: document.values[old] for new, old in found.origins if old in document.values}
    keys = {new: document.keys[old] for new, old in found.origins if old in document.keys}
    return YamlDocument(document.source, data, values, keys, [*document.problems, *found.problems])


class _Respelling:
    def __init__(self, document: YamlDocument) -> None:
        self._document = document
        self.origins: list[tuple[Path, Path]] = []
        """New and old path of every value."""
        self.problems: list[Problem] = []

    def value(self, data: Any, models: tuple[Model, ...], new: Path, old: Path) -> Any:
        self.origins.append((new, old))
        if isinstance(data, list):
            return [self.value(item, models, (*new, index), (*old, index)) for index, item in enumerate(data)]
        if isinstance(data, dict):
            return dict(self._items(data, models, new, old))
        return data

    def _items(
        self, data: dict[str, Any], models: tuple[Model, ...], new: Path, old: Path
    ) -> Iterator[tuple[str, Any]]:
        fields = {name.lower(): (name, info) for model in models for name, info in written_fields(model).items()}
        seen: dict[str, str] = {}
        for key, value in data.items():
            name, info = fields.get(str(key).lower(), (str(key), None))
            if name in seen:
                self._twice((*old, key), (*old, seen[name]))
                continue
            seen[name] = key
            below = tuple(models_in(info.annotation)) if info is not None else ()
            yield name, self.value(value, below, (*new, name), (*old, key))

    def _twice(self, again: Path, first: Path) -> None:
        line = self._document.key_place(first).line
        place = self._document.key_place(again)
        self.problems.append(
            Problem("yaml.duplicate-key", place, dotted(again), str(again[-1]), values={"first": line})
        )
