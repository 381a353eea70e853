"""A context for calls, and measurements that do as a test says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clearway.base.errors import ClearwayError
from clearway.cl2.config.methods import Compiled, MethodCall, PlannedStep
from clearway.cl2.config.model import ChaosMonkeyConfig, Cl2Config, NamespaceConfig, Part
from clearway.cl2.context import Context
from clearway.cl2.measurements.table import MethodRow
from clearway.cl2.options import options
from clearway.cl2.outcome import NOTHING, CallOutcome
from clearway.cl2.prepare import Prepared
from clearway.ledger.write import Listener
from clearway.plan.model import Plan
from clearway.probe.records import Finding
from clearway.report.wording import Language
from clearway.site.base import Site
from clearway.site.kubernetes.options import KubernetesOptions
from clearway.spec.model import Spec
from clearway.spec.problems import SourcePosition

HERE = SourcePosition("config.yaml", 1, 1)


class Console:
    """Keeps what a user would see."""

    language: Language = "en"

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.plan: Plan | None = None
        """Of the campaign that began last."""

    def log(self, finding: Finding) -> None:
        self.findings.append(finding)

    def error(self, error: ClearwayError) -> None:
        raise AssertionError(error)

    def write(self, text: str) -> None:
        raise AssertionError(text)

    def progress(self, plan: Plan, spec: Spec) -> Listener:
        self.plan = plan
        return lambda item: None


def _no_site(cluster: KubernetesOptions) -> Site:
    raise AssertionError


def context(
    folder: Path,
    kubeconfig: Path | None = None,
    *,
    console: Console | None = None,
    site: Callable[[KubernetesOptions], Site] = _no_site,
) -> Context:
    given = {"testconfig": ("config.yaml",), "kubeconfig": str(kubeconfig or "none"), "report-dir": str(folder)}
    return Context(options(given), console or Console(), site, lambda cluster: ())


@dataclass
class Script:
    """What scripted measurements do, and what they did."""

    acts: dict[str, Callable[[], Any]] = field(default_factory=dict)
    """By identifier."""
    done: list[str] = field(default_factory=list)
    disposal: Exception | None = None

    @property
    def table(self) -> dict[str, MethodRow]:
        return {"Scripted": MethodRow({"": Part}, lambda: Scripted(self))}


class Scripted:
    def __init__(self, script: Script) -> None:
        self._script = script
        self._identifier = ""

    async def call(self, call: MethodCall, context: Context, test: str) -> CallOutcome:
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


def steps(*identifiers: str) -> Prepared:
    """A test with a step for each word; the parts of a word are its calls."""
    planned = tuple(
        PlannedStep(word, tuple(MethodCall("Scripted", one, "", Part(), HERE) for one in word.split("+")))
        for word in identifiers
    )
    config = Cl2Config.model_construct(name="test", steps=(), chaos_monkey=ChaosMonkeyConfig())
    return Prepared("config.yaml", "", Compiled(config, planned), NamespaceConfig())
