"""Who goes along with a run: guards the nodes, looks at what happens around it, or breaks something on purpose.

Each is a Watcher beside the rounds. None of them knows the others, nor the rounds: it has a Scene.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from clearway.base.clock import Clock
from clearway.probe.records import Observation, Reason


@dataclass(frozen=True)
class WatchContext:
    """One run as its company sees it."""

    nodes: frozenset[str]
    """Those under test."""
    clock: Clock
    """The controller's."""
    observe: Callable[[Observation], None]
    """Puts what was seen into the ledger."""
    stop: Callable[[Reason], None]
    """Ends the rounds for the cluster's sake; the first reason counts."""


class Watcher(Protocol):
    """Beside the rounds from before the first to after the last, whatever ends them."""

    def watching(self, scene: WatchContext) -> AbstractAsyncContextManager[None]:
        """Entered when the workers are ready, before any traffic; left when the rounds are over, stopped or cancelled.

        Both ends are bounded in time by the watcher itself. An exception on the way in ends the run before it
        begins; what is only not seen is an observation instead.
        """
