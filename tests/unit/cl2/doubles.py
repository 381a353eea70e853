"""Surroundings for calls, and measurements that do as a test says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clearway.cl2.config.calls import Compiled, MethodCall, PlannedStep
from clearway.cl2.config.model import Cl2Config, Part
from clearway.cl2.measurements.base import NOTHING, CallOutcome, CampaignTarget, Surroundings
from clearway.cl2.measurements.table import MethodRow
from clearway.cl2.settings import Settings
from clearway.kube.api import Access
from clearway.ledger.write import Listener
from clearway.plan.model import Plan
from clearway.probe.records import Finding
from clearway.spec.model import Spec
from clearway.spec.problems import SourcePosition

HERE = SourcePosition("config.yaml", 1, 1)


class Silent:
    """A display that shows nothing."""

    def expect(self, plan: Plan, spec: Spec) -> Listener:
        return lambda item: None


def nowhere(settings: Settings) -> CampaignTarget:
    raise AssertionError


def around(
    folder: Path, kubeconfig: Path | None = None, grounds: Callable[[Settings], CampaignTarget] = nowhere, **how: Any
) -> Surroundings:
    told: list[Finding] = how.pop("told", [])
    return Surroundings(
        access=Access(kubeconfig),
        grounds=grounds,
        display=how.get("display", Silent()),
        settings=how.get("settings", "clearway"),
        node_access=None,
        runs=folder,
        test="test",
        log=told.append,
        language="en",
    )


@dataclass
class Script:
    """What scripted measurements do, and what they did."""

    acts: dict[str, Callable[[], Any]] = field(default_factory=dict)
    """By identifier."""
    done: list[str] = field(default_factory=list)
    disposal: Exception | None = None

    @property
    def table(self) -> dict[str, MethodRow]:
        return {"Scripted": MethodRow({"": Part}, make=lambda: Scripted(self))}


class Scripted:
    def __init__(self, script: Script) -> None:
        self._script = script
        self._identifier = ""

    async def call(self, call: MethodCall, around: Surroundings) -> CallOutcome:
        self._identifier = call.identifier
        self._script.done.append(f"{call.identifier} begins")
        act = self._script.acts.get(call.identifier)
        found = act() if act is not None else NOTHING
        outcome: CallOutcome = await found if asyncio.iscoroutine(found) else found
        self._script.done.append(f"{call.identifier} ends")
        return outcome

    async def dispose(self) -> None:
        self._script.done.append(f"{self._identifier} disposed of")
        if self._script.disposal is not None:
            raise self._script.disposal


def steps(*identifiers: str) -> Compiled:
    """A step for each word; the parts of a word are its calls."""
    planned = tuple(
        PlannedStep(word, tuple(MethodCall("Scripted", one, "", Part(), HERE) for one in word.split("+")))
        for word in identifiers
    )
    return Compiled(Cl2Config.model_construct(name="test", steps=()), planned)
