"""The parameters of one call, checked against what its method takes, at the places where they are written."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from clearway.cl2.config.checks import entries, steps_of
from clearway.cl2.config.methods import Method, MethodCall, Methods
from clearway.spec.document import YamlDocument
from clearway.spec.faults import Fault, closest, placed
from clearway.spec.load import validated
from clearway.spec.problems import Path, Problem, SourcePosition, SpecError

ACTION = "action"


def calls_at(document: YamlDocument, path: Path, methods: Methods) -> Iterator[MethodCall]:
    """The calls that the measurement at `path` asks for: one, or one per instance.

    Raises SpecError with everything that is wrong with their parameters.
    """
    entry = document.at(path)
    name = str(entry["method"])
    common = (*path, "params")
    if not entry.get("instances"):
        yield _call(name, str(entry.get("identifier", "")), _gathered(document, common), methods[name])
        return
    for index, instance in enumerate(entry["instances"]):
        own = (*path, "instances", index, "params")
        yield _call(name, str(instance.get("identifier", "")), _gathered(document, common, own), methods[name])


def parameter_problems(document: YamlDocument, methods: Methods, skip: Collection[str]) -> Iterator[Problem]:
    """The problems in the parameters of every call of a supported method."""
    data = document.data if isinstance(document.data, Mapping) else {}
    for index, step in steps_of(data, skip):
        for number, entry in entries(step, "measurements"):
            if _is_called(entry, methods):
                try:
                    list(calls_at(document, ("steps", index, "measurements", number), methods))
                except SpecError as error:
                    yield from error.problems


def _is_called(entry: Mapping[str, Any], methods: Methods) -> bool:
    """Whether it is well-formed enough to have parameters at all."""
    instances = entry.get("instances") or ()
    mappings = [entry, *instances] if isinstance(instances, list | tuple) else []
    fine = all(isinstance(one, Mapping) and isinstance(one.get("params", {}), Mapping | None) for one in mappings)
    method = entry.get("method")
    return bool(mappings) and fine and isinstance(method, str) and method in methods


def _gathered(document: YamlDocument, *paths: Path) -> YamlDocument:
    """A document of the parameters alone; later paths override earlier ones. Each value keeps its place."""
    data: dict[str, Any] = {}
    origins: dict[str, Path] = {}
    for path in paths:
        given = document.at(path) or {}
        data |= given
        origins |= dict.fromkeys(given, path)
    values: dict[Path, SourcePosition] = {(): document.place(paths[0])} | {
        (key,): document.place((*at, key)) for key, at in origins.items()
    }
    keys: dict[Path, SourcePosition] = {(key,): document.key_place((*at, key)) for key, at in origins.items()}
    return YamlDocument(document.source, data, values, keys)


def _call(name: str, identifier: str, params: YamlDocument, method: Method) -> MethodCall:
    action = _action(name, params, method)
    given = {key: value for key, value in params.data.items() if key != ACTION or not action}
    checked, problems = validated(
        YamlDocument(params.source, given, params.values, params.keys), method.actions[action]
    )
    if checked is None:
        raise SpecError(problems)
    return MethodCall(name, identifier, action, checked, params.place(()))


def _action(name: str, params: YamlDocument, method: Method) -> str:
    """The action that is asked for; the empty word where the method knows none."""
    if "" in method.actions:
        return ""
    known = tuple(method.actions)
    action = params.data.get(ACTION)
    if action is None:
        raise SpecError([placed(params, Fault("door.action-missing", (), known, values={"method": name}))])
    if action not in known:
        fault = Fault("door.unknown-action", (ACTION,), known, closest(str(action), known), {"method": name})
        raise SpecError([placed(params, fault)])
    return str(action)


def out_of_order(calls: Iterator[MethodCall], methods: Mapping[str, Method]) -> Iterator[Problem]:
    """Calls that come before the one that begins their measurement."""
    begun = set()
    for call in calls:
        begins = methods[call.method].begins
        if begins is None:
            continue
        if call.action == begins:
            begun.add(call.key)
        elif call.key not in begun:
            values = {"method": call.method, "identifier": call.identifier, "begins": begins}
            yield Problem("door.not-begun", call.place, ACTION, call.action, values=values)
