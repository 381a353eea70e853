"""From a file to a model, or to everything that is wrong with it; and from a spec to YAML."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel

from clearway.spec.contradictions import contradictions
from clearway.spec.document import YamlDocument, parse_document
from clearway.spec.faults import Fault, closest, placed, validated
from clearway.spec.fields import applies
from clearway.spec.model import Spec
from clearway.spec.override import override
from clearway.spec.problems import Problem, SourcePosition, SpecError

M = TypeVar("M", bound=BaseModel)
Check = Callable[[Any], Iterable[Fault]]
"""Looks at a document's data (mappings, lists, text, None) for what single fields can't show."""


@dataclass(frozen=True, slots=True)
class SpecSource:
    """YAML text and the name before its line numbers."""

    text: str
    name: str


def load_spec(path: Path, sets: Sequence[str] = ()) -> Spec:
    """The acceptance test in a file, with `--set` values put in. Raises SpecError with every problem at once."""
    return read_model(read_file(path), Spec, sets, contradictions)


def load_profile(name: str, sets: Sequence[str] = ()) -> Spec:
    """A built-in acceptance test. Raises SpecError."""
    return read_model(SpecSource(profile_text(name), f"profile {name}"), Spec, sets, contradictions)


def read_spec(text: str, name: str = "spec", sets: Sequence[str] = ()) -> Spec:
    """The acceptance test in a text; `name` comes before line numbers. Raises SpecError."""
    return read_model(SpecSource(text, name), Spec, sets, contradictions)


def load_yaml_model(path: Path, model: type[M], sets: Sequence[str] = (), check: Check | None = None) -> M:
    """Any file of ours as its model, with the same care as a spec. Raises SpecError."""
    return read_model(read_file(path), model, sets, check)


def read_model(source: SpecSource, model: type[M], sets: Sequence[str] = (), check: Check | None = None) -> M:
    """The text as a model. Raises SpecError with every problem at once."""
    document = parse_document(source.text, source.name)
    override(document, sets)
    made, wrong = validated(document, model)
    crossed = [placed(document, fault) for fault in check(document.data)] if check else []
    problems = [*document.problems, *_not_caused_by(document, wrong), *crossed]
    if made is None or problems:
        raise SpecError(problems)
    return made


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


def _not_caused_by(document: YamlDocument, problems: Iterable[Problem]) -> list[Problem]:
    """Validation's problems but those of values that could not even be read."""
    unread = {problem.place for problem in document.problems}
    return [problem for problem in problems if problem.place not in unread]


def read_file(path: Path) -> SpecSource:
    """The text of a file that a person wrote. Raises SpecError saying why it can't be read."""
    try:
        return SpecSource(path.read_bytes().decode("utf-8-sig"), str(path))
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        line = before.count(b"\n") + 1
        place = SourcePosition(str(path), line, error.start - before.rfind(b"\n"))
        raise SpecError([Problem("spec.not-utf8", place)]) from None
    except OSError as error:
        code = _FILE_CODES.get(type(error), "spec.file-unreadable")
        raise SpecError([Problem(code, SourcePosition(str(path)), values={"detail": error.strerror or ""})]) from None


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
    data["tests"] = [_applicable(test) for test in data["tests"]]
    return data


def _applicable(test: Mapping[str, Any]) -> dict[str, Any]:
    return {field: value for field, value in _written(test.items()) if applies(field, test)}


def _written(fields: Iterable[tuple[str, Any]]) -> Iterable[tuple[str, Any]]:
    return (item for item in fields if item != ("accept", []))
