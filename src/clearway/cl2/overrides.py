"""The variables of templates: override files, `CL2_*` of the environment, and values of the command line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from clearway.cl2.config.yaml_text import Variables, as_go_decodes, go_document
from clearway.spec.load import read_file
from clearway.spec.problems import Problem, SourcePosition, SpecError

PREFIX = "CL2_"


def variables(files: Sequence[Path], environ: Mapping[str, str], known: Variables) -> Variables:
    """Later files override earlier ones; the environment may add variables, but not contradict a file.

    Raises SpecError with every file that can't be read and every contradiction.
    """
    found: dict[str, Any] = {}
    origins: dict[str, SourcePosition] = {}
    problems: list[Problem] = []
    for file in files:
        try:
            values, places = _read(file)
            found, origins = found | values, origins | places
        except SpecError as error:
            problems += error.problems
    given = {name: from_text(text) for name, text in environ.items() if name.startswith(PREFIX)}
    problems += _contradictions({**found, **known}, given, origins)
    if problems:
        raise SpecError(problems)
    return {**found, **known, **given}


def from_text(text: str) -> int | float | bool | str:
    """A variable of the environment: a whole number, a number, a switch, or else text."""
    for read in (int, float):
        try:
            return read(text) if text.isascii() and text == text.strip() and "_" not in text else text
        except ValueError:
            continue
    return _SWITCHES.get(text, text)


_SWITCHES = {
    **dict.fromkeys(("1", "t", "T", "TRUE", "true", "True"), True),
    **dict.fromkeys(("0", "f", "F", "FALSE", "false", "False"), False),
}
"""The words that Go takes for a switch."""


def _read(file: Path) -> tuple[dict[str, Any], dict[str, SourcePosition]]:
    source = read_file(file)
    document = go_document(source.text, source.name)
    data = {} if document.data is None else document.data
    if document.problems or not isinstance(data, dict):
        raise SpecError(document.problems or [Problem("door.overrides-no-mapping", SourcePosition(source.name, 1, 1))])
    return as_go_decodes(data), {str(key): document.key_place((key,)) for key in data}


def _contradictions(
    found: Variables, given: Mapping[str, Any], origins: Mapping[str, SourcePosition]
) -> Iterator[Problem]:
    for name, value in given.items():
        if name in found and not _same(found[name], value):
            place = origins.get(name, SourcePosition(name))
            yield Problem("door.contradiction", place, name, str(found[name]), values={"environment": str(value)})


def _same(one: Any, other: Any) -> bool:
    """Equal, and of one kind: an int equals a float, but not a bool."""
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)
