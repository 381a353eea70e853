"""A YAML text as plain data in which every value still knows its place.

Scalars stay the text that was written (`1e3`, `12:30:45`, `2026-01-01`, `yes` and `no` mean themselves); whether
it is a number or a switch is for the field that takes it. Only an empty value, `~` and `null` are None.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from clearway.base.texts import cleaned, is_clean
from clearway.spec.problems import Path, Problem, SourcePosition, SpecError, dotted, shown

_YAML = "tag:yaml.org,2002:"
_NULL_TAG = f"{_YAML}null"
_COLLECTION_TAGS = {f"{_YAML}map", f"{_YAML}seq"}
_TAGS: Mapping[type[yaml.Node], set[str]] = {
    yaml.ScalarNode: {
        f"{_YAML}{name}" for name in ("null", "str", "int", "float", "bool", "timestamp", "value", "merge")
    },
    yaml.MappingNode: _COLLECTION_TAGS,
    yaml.SequenceNode: _COLLECTION_TAGS,
}
"""What YAML itself tags each kind of node with; every other tag is refused."""
_DEEPEST = 100
"""Levels: a spec has 5. The parser's C code recurses, and a few thousand would end the process."""
_MOST_VALUES = 200_000
"""Far more than a person writes; an alias of aliases of aliases comes to any number."""


@dataclass(frozen=True)
class YamlDocument:
    """The data of one file. `values` and `keys` hold the position of each value and each key."""

    source: str
    data: Any
    values: dict[Path, SourcePosition] = field(default_factory=dict)
    keys: dict[Path, SourcePosition] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    """What was wrong already with the text: duplicate keys and the like."""

    def place(self, path: Path) -> SourcePosition:
        """Position of the value at `path`, or of the nearest that contains it."""
        nearest = (self.values[path[:length]] for length in range(len(path), -1, -1) if path[:length] in self.values)
        return next(nearest, SourcePosition(self.source))

    def key_place(self, path: Path) -> SourcePosition:
        """Position of the key at `path`."""
        return self.keys.get(path) or self.place(path)

    def at(self, path: Path) -> Any:
        """The value at `path`; None where there is none."""
        value = self.data
        for part in path:
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                return None
        return value


def parse_document(text: str, source: str) -> YamlDocument:
    """Compose YAML text. Raises SpecError where it is no YAML at all; lesser faults go into `problems`."""
    try:
        if (line := too_deep(text, _DEEPEST)) is not None:
            raise SpecError([Problem("yaml.too-deep", SourcePosition(source, line), values={"deepest": _DEEPEST})])
        # The C loader: 10 times faster, same marks.
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise SpecError([_syntax_problem(error, text, source)]) from None
    reading = _YamlWalk(source)
    data = None if node is None else reading.value(node, ())
    return YamlDocument(source, data, reading.values, reading.keys, reading.problems)


@dataclass
class _YamlWalk:
    """One walk over the composed nodes."""

    source: str
    values: dict[Path, SourcePosition] = field(default_factory=dict)
    keys: dict[Path, SourcePosition] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    open: set[int] = field(default_factory=set)
    """Nodes around the current one: an anchor that holds itself has no end."""

    def value(self, node: yaml.Node, path: Path) -> Any:
        self.values[path] = self._place(node)
        if len(self.values) > _MOST_VALUES:
            raise SpecError([Problem("yaml.too-many-values", self._place(node), values={"most": _MOST_VALUES})])
        if id(node) in self.open or node.tag not in _TAGS[type(node)]:
            self._refuse("yaml.endless-alias" if id(node) in self.open else "yaml.tag", node, path)
            return None
        if isinstance(node, yaml.ScalarNode):
            return None if node.tag == _NULL_TAG else self._text(node, path)
        self.open.add(id(node))
        if isinstance(node, yaml.MappingNode):
            data: Any = self._mapping(node, path)
        else:
            data = [self.value(child, (*path, index)) for index, child in enumerate(node.value)]
        self.open.discard(id(node))
        return data

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key_node, child in node.value:
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag not in _TAGS[yaml.ScalarNode]:
                self._refuse("yaml.key-not-text", key_node, path)
                continue
            key = self._text(key_node, path)
            inside = (*path, key)
            if key in data:
                first = self.keys[inside].line
                self.problems.append(
                    Problem("yaml.duplicate-key", self._place(key_node), dotted(inside), key, values={"first": first})
                )
                continue
            self.keys[inside] = self._place(key_node)
            data[key] = self.value(child, inside)
        return data

    def _text(self, node: yaml.Node, path: Path) -> str:
        """As it is written. What could steer a terminal or a reader's eye is refused: a person can mend the file."""
        text = str(node.value)
        if text.isprintable():
            return text  # nearly all is, and printable text is clean
        if not is_clean(text):
            self._refuse("yaml.not-plain-text", node, path)
        return cleaned(text)

    def _refuse(self, code: str, node: yaml.Node, path: Path) -> None:
        found = node.tag if code == "yaml.tag" else shown(node.value)
        self.problems.append(Problem(code, self._place(node), dotted(path), found))

    def _place(self, node: yaml.Node) -> SourcePosition:
        mark = node.start_mark
        return SourcePosition(self.source, mark.line + 1, mark.column + 1)


def _syntax_problem(error: yaml.YAMLError, text: str, source: str) -> Problem:
    if isinstance(error, yaml.MarkedYAMLError) and (mark := error.problem_mark or error.context_mark):
        place = SourcePosition(source, mark.line + 1, mark.column + 1)
        return Problem("yaml.syntax", place, values={"detail": error.problem or error.context or ""})
    position = getattr(error, "position", 0)
    before = text[:position]
    place = SourcePosition(source, before.count("\n") + 1, position - before.rfind("\n"))
    return Problem("yaml.syntax", place, values={"detail": str(getattr(error, "reason", error))})


def too_deep(text: str, deepest: int) -> int | None:
    """The line, from 1, where a text is nested deeper than that; None if it is not. Raises YAMLError."""
    # A quick look first: are there brackets, indentation, or dashes on one line, enough for it?
    indented = rf"^[ ]{{{deepest}}}|(?:[-?][ ]+){{{deepest}}}"
    if text.count("[") + text.count("{") <= deepest and re.search(indented, text, re.MULTILINE) is None:
        return None
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > deepest:
            mark = event.start_mark
            return mark.line + 1 if mark else 1
    return None
