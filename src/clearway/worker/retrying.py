"""What may go better next time is tried again, for as long as the worker lives."""

from __future__ import annotations

import threading
import time
from typing import Any, Callable, Dict, Iterator

from clearway.worker.api import Forbidden, Missing, Passing

_RIGHTS_PATIENCE = 5.0
"""Seconds that a missing right is waited for."""
_CREATED_WITHIN = 30.0
"""Seconds after which an object that is still missing will not come."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
"""Seconds between tries."""


def deliver(once: Callable[[], None], over: threading.Event) -> None:
    """Do it until the API server takes it, or all is over. Raises ApiFailure, never Passing."""
    pauses, begun = _Pauses(over), time.monotonic()
    while not over.is_set():
        try:
            once()
        except (Forbidden, Missing) as failure:
            patience = _RIGHTS_PATIENCE if isinstance(failure, Forbidden) else _CREATED_WITHIN
            if time.monotonic() - begun > patience:
                raise
        except Passing:
            pass
        else:
            return
        pauses.take()


def watched(watch: Callable[[], Iterator[Dict[str, Any]]], over: threading.Event) -> Iterator[Dict[str, Any]]:
    """All that one watch after the other tells, until all is over. Raises Forbidden if watching stays forbidden."""
    pauses, refused_since = _Pauses(over), None
    while not over.is_set():
        try:
            for event in watch():
                pauses, refused_since = _Pauses(over), None
                yield event
        except Forbidden:
            refused_since = refused_since or time.monotonic()
            if time.monotonic() - refused_since > _RIGHTS_PATIENCE:
                raise
        except Passing:
            pass  # the next watch begins with what is there then
        pauses.take()


class _Pauses:
    """Pauses that grow; none when it is all over."""

    def __init__(self, over: threading.Event) -> None:
        self._over = over
        self._next = _FIRST_PAUSE

    def take(self) -> None:
        self._over.wait(self._next)
        self._next = min(_LONGEST_PAUSE, 2 * self._next)
