"""What a measurement is, what it is given, and what comes of a call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from clearway.base.errors import ClearwayError
from clearway.chaos.killer import KillerTools
from clearway.chaos.monkey import ChaosEvents
from clearway.cl2.config.calls import MethodCall
from clearway.cl2.settings import Settings, SettingsName
from clearway.kube.api import Access
from clearway.ledger.write import Listener
from clearway.plan.model import Plan
from clearway.probe.records import Finding, Node
from clearway.report.language import Language
from clearway.shell.node_access import NodeAccess
from clearway.site.base import Site
from clearway.site.kubernetes.options import NAMESPACE
from clearway.site.watcher import Watcher
from clearway.spec.model import Spec
from clearway.verdict.model import State


@dataclass(frozen=True)
class CampaignTarget:
    """Where a campaign measures, and what its run directory keeps of that."""

    site: Site
    files: Mapping[str, str]
    """Name -> text."""
    watchers: tuple[Watcher, ...] = ()


@dataclass
class ChaosTools:
    """What it takes to break nodes on purpose."""

    tools: Callable[[Path], Awaitable[KillerTools]]
    """With the journal in this folder. Raises SiteError, UsageError."""
    nodes: Callable[[], Awaitable[Sequence[Node]]]
    """Those that a test is about. Raises SiteError."""
    chronicle: ChaosEvents
    busy: bool = False
    """Whether a schedule is under way: two of them would break more than either was asked for."""


class Display(Protocol):
    """Who shows how a campaign goes on."""

    def expect(self, plan: Plan, spec: Spec) -> Listener:
        """Told before the first round; the listener is told of everything after."""


@dataclass(frozen=True)
class Surroundings:
    """What every call of one test is given."""

    access: Access
    grounds: Callable[[Settings], CampaignTarget]
    """A place to measure on, with the workers that the settings employ."""
    display: Display
    settings: SettingsName
    """How network tests measure where they don't say so themselves."""
    node_access: NodeAccess | None
    """How the nodes' own system is reached; None: no provider was named."""
    runs: Path
    """Folder that run directories are made in."""
    test: str
    """Name of the test, with its scenario's identifier: files and folders bear it."""
    log: Callable[[Finding], None]
    language: Language
    chaos: ChaosTools | None = None
    """None: nothing may be broken."""
    namespace: str = NAMESPACE
    """The workers': looked at where the whole cluster may not be."""
    alone: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by a campaign while it is under way: two at once would measure each other."""


@dataclass(frozen=True)
class SummaryFile:
    """A file of results in the making."""

    name: str
    """As ClusterLoader2 calls it, colons and all."""
    data: Any
    """JSON."""
    complete: bool = True
    """False: the measurement ended before it was over."""


@dataclass(frozen=True)
class CallOutcome:
    """What came of a call; nothing, where there is nothing to tell."""

    summaries: tuple[SummaryFile, ...] = ()
    state: State | None = None
    """Of what was judged, or measured; None: the call does neither."""
    errors: tuple[ClearwayError, ...] = ()
    report: str = ""
    """For people to read."""


NOTHING = CallOutcome()


class MeasurementMethod(Protocol):
    """One method under one identifier, for the length of a test."""

    async def call(self, call: MethodCall, around: Surroundings) -> CallOutcome:
        """Do what a step asks for; cancelled, it may return what there is. Raises ClearwayError."""

    async def dispose(self) -> None:
        """End and remove whatever is left of it; safe to call twice."""


class Critical(ClearwayError):
    """After this, the remaining steps make no sense."""

    exit_code = 3
