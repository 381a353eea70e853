"""What all tests of one call of the command work with: made once by the command line, handed down unchanged."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from clearway.base.errors import ClearwayError
from clearway.chaos.killer import KillerTools
from clearway.chaos.monkey import ChaosEvents
from clearway.cl2.options import Options
from clearway.ledger.write import Listener
from clearway.plan.model import Plan
from clearway.probe.records import Finding
from clearway.report.wording import Language
from clearway.site.base import Site, Watcher
from clearway.site.kubernetes.options import KubernetesOptions
from clearway.spec.model import Spec


class Console(Protocol):
    """What the user sees while tests run."""

    language: Language

    def log(self, finding: Finding) -> None:
        """Writes a finding to the log."""

    def error(self, error: ClearwayError) -> None:
        """Writes an error to the log."""

    def write(self, text: str) -> None:
        """Writes results to standard output."""

    def progress(self, plan: Plan, spec: Spec) -> Listener:
        """Begins to show a campaign; the listener takes everything that goes into its ledger."""


@dataclass(frozen=True)
class Context:
    options: Options
    console: Console
    site: Callable[[KubernetesOptions], Site]
    """The cluster, with the workers that the options name."""
    watchers: Callable[[KubernetesOptions], tuple[Watcher, ...]]
    """The watchers of one campaign on the cluster."""
    killer_tools: Callable[[], Awaitable[KillerTools]] | None = None
    """Makes what breaks nodes; None: no node may be broken. Raises SiteError, UsageError."""
    chaos_events: ChaosEvents = field(default_factory=ChaosEvents)
    measuring: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by a campaign from its start until its workers are gone: two at once would measure each other."""
    breaking: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by a schedule of node failures: two at once would break more nodes than either was asked for."""
