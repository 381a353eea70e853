"""Checks across fields: malformed steps, and what is not supported here, each refused by its name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from clearway.cl2.config.methods import NEEDS, REFUSED, Methods
from clearway.shell.providers import Feature, Provider, missing
from clearway.spec.faults import Fault, closest
from clearway.spec.problems import Path

Data = Mapping[str, Any]
_KINDS = ("phases", "measurements", "module")
_STEP_KEYS = {*_KINDS, "name"}


def faults(
    data: Any, methods: Methods, skip: Collection[str] = (), provider: Provider | None = None
) -> Iterator[Fault]:
    """Every fault in the document of a config or a module that prevents it from running here.

    Steps with a name in `skip` are not checked.
    """
    if not isinstance(data, Mapping):
        return
    for field, code in _REFUSED_FIELDS.items():
        if data.get(field):
            yield Fault(code, (field,))
    if isinstance(chaos := data.get("chaosMonkey"), Mapping) and chaos.get("nodeFailure"):
        yield from _chaos(methods, provider)
    for index, step in steps_of(data, skip):
        for check in _STEP_CHECKS:
            yield from check(step, ("steps", index))
        for number, measurement in entries(step, "measurements"):
            at = ("steps", index, "measurements", number)
            lacking = _unprovided(measurement, at, methods, provider, step.get("name"))
            yield from (lacking,) if lacking else _measurement(measurement, at, methods)


def _chaos(methods: Methods, provider: Provider | None) -> Iterator[Fault]:
    """Allowed for a whole test under the same conditions as the measurement."""
    path, values = ("chaosMonkey", "nodeFailure"), {"method": "nodeFailure"}
    if (lacking := _lacking(NEEDS["nodeFailure"], provider, path, values)) is not None:
        yield lacking
    elif "ChaosMonkey" not in methods:
        yield Fault(REFUSED["ChaosMonkey"], path, values=values)


_REFUSED_FIELDS: Mapping[str, str] = {"dependencies": "door.no-dependencies", "tuningSets": "door.no-tuning-sets"}


def _one_kind(step: Data, path: Path) -> Iterator[Fault]:
    module = step.get("module")
    named = not isinstance(module, Mapping) or bool(module.get("path"))
    given = tuple(kind for kind in _KINDS if step.get(kind) and (kind != "module" or named))
    if not given and not step.keys() <= _STEP_KEYS:
        # Validation reports the unknown key, which stands for what the step was to do.
        return
    if len(given) != 1:
        code = "door.step-of-two-kinds" if given else "door.empty-step"
        yield Fault(code, path, values={"kinds": given or _KINDS, "step": step.get("name")})


def _no_phases(step: Data, path: Path) -> Iterator[Fault]:
    if step.get("phases"):
        items = (item for _, phase in entries(step, "phases") for _, item in entries(phase, "objectBundle"))
        objects = tuple(str(item.get("objectTemplatePath") or item.get("basename")) for item in items)
        yield Fault("door.no-phases", (*path, "phases"), values={"objects": objects})


_STEP_CHECKS: tuple[Callable[[Data, Path], Iterator[Fault]], ...] = (_one_kind, _no_phases)


def _measurement(measurement: Data, path: Path, methods: Methods) -> Iterator[Fault]:
    method, named = measurement.get("method"), bool(measurement.get("identifier"))
    if named == bool(measurement.get("instances")):
        yield Fault("door.identifier-or-instances", path, values={"method": method})
    if not isinstance(method, str | int | float) or method in methods:
        return
    if (word := str(method)) in REFUSED:
        yield Fault(REFUSED[word], (*path, "method"), values={"method": method})
        return
    known = tuple(methods)
    yield Fault("door.unknown-method", (*path, "method"), known, closest(word, (*known, *REFUSED)))


def _unprovided(measurement: Data, path: Path, methods: Methods, provider: Provider | None, step: Any) -> Fault | None:
    """What the provider lacks is an error before the first step, not in the middle of a test."""
    method = measurement.get("method")
    if not isinstance(method, str):
        return None
    needs = methods[method].needs if method in methods else NEEDS.get(method)
    return _lacking(needs, provider, (*path, "method"), {"method": method, "step": step})


def _lacking(needs: Feature | None, provider: Provider | None, path: Path, who: Data) -> Fault | None:
    reason = missing(provider, needs) if needs is not None else None
    return None if reason is None else Fault(reason.code, path, values={**reason.values, **who})


def steps_of(data: Data, skip: Collection[str]) -> Iterator[tuple[int, Data]]:
    """The steps that are not skipped, with their indices."""
    return ((index, step) for index, step in entries(data, "steps") if step.get("name") not in skip)


def entries(data: Data, key: str) -> Iterator[tuple[int, Data]]:
    """The mappings in a list; validation reports other items."""
    found = data.get(key)
    if isinstance(found, list):
        yield from ((index, item) for index, item in enumerate(found) if isinstance(item, Mapping))
