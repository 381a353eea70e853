"""From a file to a model, or to everything that is wrong with it; `--set a.b=c`; and from a spec to YAML."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from clearway.spec.contradictions import contradictions, without_pods
from clearway.spec.document import YamlDocument, parse_document
from clearway.spec.faults import Fault, closest, placed, problems_of
from clearway.spec.fields import applies
from clearway.spec.model import Spec
from clearway.spec.problems import Path as DataPath
from clearway.spec.problems import Problem, SourcePosition, SpecError, shown

M = TypeVar("M", bound=BaseModel)
Check = Callable[[Any], Iterable[Fault]]
"""Looks at a document's data (mappings, lists, text, None) for what single fields can't show."""


@dataclass(frozen=True, slots=True)
class SpecSource:
    """YAML text and the name before its line numbers."""

    text: str
    name: str
    content: bytes = b""
    """All bytes, where it is a file."""


def load_spec(path: Path, sets: Sequence[str] = (), *, pods: bool = True) -> Spec:
    """The acceptance test in a file, with `--set` values put in; `pods`: whether its site has any.

    Raises SpecError with every problem at once.
    """
    return spec_of(read_file(path), sets, pods=pods)


def load_profile(name: str, sets: Sequence[str] = ()) -> Spec:
    """A built-in acceptance test. Raises SpecError."""
    return spec_of(SpecSource(profile_text(name), f"profile {name}"), sets)


def read_spec(text: str, name: str = "spec", sets: Sequence[str] = ()) -> Spec:
    """The acceptance test in a text; `name` comes before line numbers. Raises SpecError."""
    return spec_of(SpecSource(text, name), sets)


def spec_of(source: SpecSource, sets: Sequence[str] = (), *, pods: bool = True) -> Spec:
    """The acceptance test in a source. Raises SpecError."""
    return read_model(source, Spec, sets, contradictions if pods else _without_pods)


def _without_pods(data: Any) -> Iterator[Fault]:
    yield from contradictions(data)
    yield from without_pods(data)


def read_model(source: SpecSource, model: type[M], sets: Sequence[str] = (), check: Check | None = None) -> M:
    """Any file of ours as its model, with the same care as a spec. Raises SpecError with every problem at once."""
    document = parse_document(source.text, source.name)
    override(document, sets)
    made, wrong = validated(document, model)
    crossed = [placed(document, fault) for fault in check(document.data)] if check else []
    unread = {problem.place for problem in document.problems}
    problems = [*document.problems, *(problem for problem in wrong if problem.place not in unread), *crossed]
    if made is None or problems:
        raise SpecError(problems)
    return made


def validated(document: YamlDocument, model: type[M]) -> tuple[M | None, list[Problem]]:
    """The document as a model, or None and everything that keeps it from being one."""
    try:
        return model.model_validate(document.data, by_alias=True, by_name=False), []
    except ValidationError as error:
        return None, list(problems_of(document, model, error))


def profile_names() -> tuple[str, ...]:
    """The built-in profiles, the shortest first."""
    return "lab", "quick", "standard", "thorough"


def profile_text(name: str) -> str:
    """A profile as its file says it, comments included. Raises SpecError."""
    if name not in profile_names():
        known = profile_names()
        raise SpecError(
            [Problem("spec.unknown-profile", SourcePosition("--profile"), "", name, known, closest(name, known))]
        )
    return resources.files("clearway.spec").joinpath("profiles", f"{name}.yaml").read_text("utf-8")


def read_file(path: Path) -> SpecSource:
    """The text of a file that a person wrote. Raises SpecError saying why it can't be read."""
    try:
        return decoded_source(path.read_bytes(), str(path))
    except OSError as error:
        code = _FILE_CODES.get(type(error), "spec.file-unreadable")
        raise SpecError([Problem(code, SourcePosition(str(path)), values={"detail": error.strerror or ""})]) from None


def decoded_source(content: bytes, name: str) -> SpecSource:
    """The text of a file that was read already. Raises SpecError naming the place that is no UTF-8."""
    try:
        return SpecSource(content.decode("utf-8-sig"), name, content)
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        line = before.count(b"\n") + 1
        place = SourcePosition(name, line, error.start - before.rfind(b"\n"))
        raise SpecError([Problem("spec.not-utf8", place)]) from None


_FILE_CODES: dict[type[OSError], str] = {
    FileNotFoundError: "spec.file-missing",
    IsADirectoryError: "spec.file-is-folder",
    PermissionError: "spec.file-forbidden",
}


def dump_spec(spec: Spec) -> str:
    """YAML with every default spelled out; fields that mean nothing for their test are left out."""
    return dump_mapping(spec_mapping(spec))


def dump_mapping(data: Mapping[str, Any]) -> str:
    """YAML as we write it: in order, Unicode as it is."""
    return yaml.safe_dump(dict(data), sort_keys=False, allow_unicode=True, width=120)


def spec_mapping(spec: Spec) -> dict[str, Any]:
    """The spec as mappings, lists and text; JSON can carry it too."""
    data: dict[str, Any] = spec.model_dump(mode="json", by_alias=True, exclude_none=True)
    data["tests"] = [
        {key: value for key, value in test.items() if (key, value) != ("accept", []) and applies(key, test)}
        for test in data["tests"]
    ]
    return data


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
    for places in (document.values, document.keys):
        # What stood below has no place any more.
        for inner in [known for known in places if known[: len(path)] == path]:
            del places[inner]
        places[path] = place


def _path(data: Any, parts: tuple[str, ...], place: SourcePosition) -> DataPath:
    """The parts as keys and indices; parts below the first that is new are kept as they are."""
    path: DataPath = ()
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
    indices = tuple(str(index) for index in range(len(data)))
    if parts[0] in indices:
        return indices.index(parts[0]), 1
    names = [item.get("name") if isinstance(item, dict) else None for item in data]
    for taken in range(len(parts), 0, -1):
        if (name := ".".join(parts[:taken])) in names:
            return names.index(name), taken
    allowed = (*indices, *(str(name) for name in names if name))
    problem = Problem("set.no-such-item", place, ".".join(parts), parts[0], allowed, closest(parts[0], allowed))
    raise SpecError([problem])


def _put(data: Any, path: DataPath, value: Any) -> None:
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
