"""Keys as the model spells them: ClusterLoader2 ignores their case, and its own tests rely on that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from clearway.spec.document import YamlDocument
from clearway.spec.fields import Model, models_in, written_fields
from clearway.spec.problems import Path, Problem, dotted


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
