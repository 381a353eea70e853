"""Watchers: they run beside the rounds, guard the nodes, observe what happens, or break something on purpose.

A watcher knows neither the other watchers nor the rounds, only its WatchContext.
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
    """What a watcher sees of a run."""

    nodes: frozenset[str]
    """The nodes under test."""
    clock: Clock
    """The controller's."""
    observe: Callable[[Observation], None]
    """Writes an observation into the ledger."""
    stop: Callable[[Reason], None]
    """Ends the rounds to protect the cluster; the first reason counts."""


class Watcher(Protocol):
    """Runs from before the first round until after the last, however the rounds end."""

    def watching(self, context: WatchContext) -> AbstractAsyncContextManager[None]:
        """Entered when the workers are ready, before any traffic; left when the rounds are over, stopped or cancelled.

        The watcher itself limits the time for entering and leaving. An exception while entering ends the run before
        its first round; a source that can't be read is an observation instead.
        """
