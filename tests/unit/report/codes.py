"""Every code that the source can put into an error, a reason or a finding."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from clearway.probe.metrics import METRICS
from clearway.probe.records import Outcome, RoundReason
from clearway.shell.providers import PROVIDERS, Feature, Route
from clearway.verdict.model import PairState, State
from clearway.verdict.suspect import PlaceKind
from meta.tree import PACKAGE, nodes

_CODE = re.compile(r"[a-z]+(?:-[a-z]+)*\.[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_MAKERS = re.compile(r"(?:\w*Error|Unreadable|Reason|Finding|Fault|Problem|_code|say|sentence)$")
_FILE_ENDINGS = {
    "css",
    "html",
    "js",
    "conf",
    "json",
    "jsonl",
    "log",
    "pid",
    "stat",
    "events",
    "toml",
    "txt",
    "yaml",
    "yml",
    "xml",
    "md",
    "py",
}


@cache
def written_codes() -> dict[str, set[str]]:
    """Code -> files that hold it, for each area that some error, reason or finding is made in."""
    found: dict[str, set[str]] = {}
    for path, literal in _literals():
        if _CODE.fullmatch(literal) and literal.partition(".")[2] not in _FILE_ENDINGS:
            found.setdefault(literal, set()).add(str(path.relative_to(PACKAGE)))
    areas = {code.partition(".")[0] for code in _made()}
    return {code: files for code, files in found.items() if code.partition(".")[0] in areas}


def composed_codes() -> set[str]:
    """Codes that are put together at run time from a word of a closed list."""
    words: dict[str, list[str]] = {
        "outcome": [outcome.value for outcome in Outcome],
        "state": [state.value for state in State],
        "verdict-word": [state.value for state in State],
        "headline": [state.value for state in State],
        "standing": [standing.value for standing in PairState],
        "progress": [why.value for why in RoundReason],
        "metric": list(METRICS),
        "attempt": ["road", "void", "void-again"],
        "provider": [*PROVIDERS, *(f"no-{feature}" for feature in Feature)],
        "feature": list(Feature),
        "route": list(Route),
        "place": list(PlaceKind),
        "unit": [f"not-a-{kind}" for kind in ("rate", "size", "duration", "ratio", "frequency", "count")],
    }
    return {f"{area}.{word}" for area, known in words.items() for word in known}


def _literals() -> Iterator[tuple[Path, str]]:
    for path, node in nodes(PACKAGE):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield path, node.value


def _made() -> Iterator[str]:
    """Codes written straight into the call that makes an error, a reason, a finding or a sentence."""
    for _, node in nodes(PACKAGE):
        if isinstance(node, ast.Call) and _MAKERS.search(_called(node.func)):
            for argument in node.args[:1]:
                if isinstance(argument, ast.Constant) and _CODE.fullmatch(str(argument.value)):
                    yield str(argument.value)


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def given_values() -> Iterator[tuple[str, frozenset[str]]]:
    """Codes whose values stand beside them in the source, with the names of these values."""
    for _, node in nodes(PACKAGE):
        if not isinstance(node, ast.Call):
            continue
        if node.args and re.search(r"(?:Error|Unreadable|Mute)$", _called(node.func)):
            yield from _by_keyword(node)
        elif _called(node.func) in ("Reason", "Finding"):
            yield from _by_mapping(node)


def _by_keyword(call: ast.Call) -> Iterator[tuple[str, frozenset[str]]]:
    code, names = _code_of(call), [keyword.arg for keyword in call.keywords]
    if code is not None and None not in names:
        yield code, frozenset(name for name in names if name)


def _by_mapping(call: ast.Call) -> Iterator[tuple[str, frozenset[str]]]:
    code = _code_of(call)
    values = [argument for argument in call.args[1:] if isinstance(argument, ast.Dict)]
    bare = len(call.args) == 1 and not call.keywords
    if code is None or not (values or bare):
        return
    keys = [key.value for value in values for key in value.keys if isinstance(key, ast.Constant)]
    if len(keys) == sum(len(value.keys) for value in values):
        yield code, frozenset(map(str, keys))


def _code_of(call: ast.Call) -> str | None:
    first = call.args[0] if call.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


def flattened_errors() -> Iterator[str]:
    """Places where an error of ours becomes text and so loses its code: its `reason` is to be handed on."""
    ours = {"ClearwayError"}
    classes = [node for _, node in nodes(PACKAGE) if isinstance(node, ast.ClassDef)]
    while found := {one.name for one in classes if one.name not in ours and ours & {_called(b) for b in one.bases}}:
        ours |= found
    for path, node in nodes(PACKAGE):
        if isinstance(node, ast.ExceptHandler) and node.type is not None and node.name is not None:
            caught = {_called(part) for part in ast.walk(node.type) if isinstance(part, ast.expr)}
            if caught & ours and any(_is_text_of(node.name, inner) for part in node.body for inner in ast.walk(part)):
                yield f"{path.relative_to(PACKAGE)}:{node.lineno}"


def _is_text_of(name: str, node: ast.AST) -> bool:
    called = isinstance(node, ast.Call) and _called(node.func) == "str" and len(node.args) == 1
    value = node.args[0] if called and isinstance(node, ast.Call) else getattr(node, "value", None)
    return (called or isinstance(node, ast.FormattedValue)) and isinstance(value, ast.Name) and value.id == name
