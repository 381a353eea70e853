"""`--set a.b=c`: one value of a document, given on the command line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from clearway.spec.document import YamlDocument, parse_document
from clearway.spec.faults import closest
from clearway.spec.problems import Path, Problem, SourcePosition, SpecError, shown


def override(document: YamlDocument, sets: Iterable[str], flag: str = "--set") -> None:
    """Put each `a.b=c` into the document; list items go by index or by their `name`. Faults go into its problems.

    `flag` is what brought them, for the places of what is wrong.
    """
    for text in sets:
        try:
            _apply(document, text, flag)
        except SpecError as error:
            document.problems.extend(error.problems)


def _apply(document: YamlDocument, text: str, flag: str) -> None:
    place = SourcePosition(f"{flag} {text}")
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise SpecError([Problem("set.no-equals", place, found=text)])
    if not isinstance(document.data, dict):
        return  # validation says what is wrong with such a document
    path = _path(document.data, tuple(key.strip().split(".")), place)
    _put(document.data, path, _value(value.strip(), place.source))
    _forget(document, path)
    document.values[path] = place
    document.keys[path] = place


def _path(data: Any, parts: tuple[str, ...], place: SourcePosition) -> Path:
    """The parts as keys and indices; parts below the first that is new are kept as they are."""
    path: Path = ()
    while parts:
        step, taken = _step(data, parts, place)
        path, parts = (*path, step), parts[taken:]
        data = data.get(step) if isinstance(data, dict) else data[step]
        if data is None:
            return (*path, *parts)
        if parts and not isinstance(data, dict | list):
            raise SpecError([Problem("set.nothing-below", place, found=shown(data), values={"part": str(step)})])
    return path


def _step(data: Any, parts: tuple[str, ...], place: SourcePosition) -> tuple[str | int, int]:
    """The next key or index, and how many dotted parts it took: names may hold dots themselves."""
    if isinstance(data, dict):
        return parts[0], 1
    if parts[0].isdecimal() and int(parts[0]) < len(data):
        return int(parts[0]), 1
    names = [item.get("name") if isinstance(item, dict) else None for item in data]
    for taken in range(len(parts), 0, -1):
        if (name := ".".join(parts[:taken])) in names:
            return names.index(name), taken
    allowed = (*(str(index) for index in range(len(data))), *(str(name) for name in names if name))
    problem = Problem("set.no-such-item", place, ".".join(parts), parts[0], allowed, closest(parts[0], allowed))
    raise SpecError([problem])


def _put(data: Any, path: Path, value: Any) -> None:
    for step in path[:-1]:
        if isinstance(data, dict) and data.get(str(step)) is None:
            data[str(step)] = {}
        data = data[step]
    data[path[-1]] = value


def _value(text: str, source: str) -> Any:
    """Lists and mappings as YAML writes them in one line; everything else is text, or nothing at all."""
    if text.startswith(("[", "{")):
        document = parse_document(text, source)
        if document.problems:
            raise SpecError(document.problems)
        return document.data
    return None if text in ("", "null", "~") else text


def _forget(document: YamlDocument, path: Path) -> None:
    """What stood below has no place any more."""
    for places in (document.values, document.keys):
        for inner in [known for known in places if known[: len(path)] == path]:
            del places[inner]
