"""Retries transient API failures until the worker stops."""

from __future__ import annotations

import threading
import time
from typing import Any, Callable, Dict, Iterator, Optional

from clearway.worker.api import ApiFailure, Missing, Passing, RightMissing

_RIGHTS_PATIENCE = 20.0
"""Seconds that a missing right is waited for: an API server that has just started answers before it has loaded the
rights, and an idle one needs up to a second for those of a new role."""
_CREATED_WITHIN = 30.0
"""Seconds after which an object that is still missing will not come."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
"""Seconds between tries."""


def deliver(once: Callable[[], None], over: threading.Event) -> None:
    """Do it until the API server takes it, or all is over. Raises ApiFailure, never Passing."""
    pauses, patience = _Pauses(over), _Patience()
    while not over.is_set():
        try:
            once()
        except (RightMissing, Missing) as failure:
            if patience.is_over(failure):
                raise
        except Passing:
            patience.begin_anew()
        else:
            return
        pauses.take()


def watched(watch: Callable[[], Iterator[Dict[str, Any]]], over: threading.Event) -> Iterator[Dict[str, Any]]:
    """The events of one watch after the other, until all is over. Raises RightMissing if watching stays forbidden."""
    pauses, patience = _Pauses(over), _Patience()
    while not over.is_set():
        try:
            for event in watch():
                pauses, patience = _Pauses(over), _Patience()
                yield event
        except RightMissing as failure:
            if patience.is_over(failure):
                raise
        except Passing:
            patience.begin_anew()  # the next watch begins with what is there then
        pauses.take()


class _Patience:
    """With refusals in a row, counted from the first of them: what was away before does not count as refusing."""

    def __init__(self) -> None:
        self._since: Optional[float] = None

    def is_over(self, failure: ApiFailure) -> bool:
        now = time.monotonic()
        self._since = now if self._since is None else self._since
        return now - self._since > (_RIGHTS_PATIENCE if isinstance(failure, RightMissing) else _CREATED_WITHIN)

    def begin_anew(self) -> None:
        self._since = None


class _Pauses:
    """Pauses that grow; none when it is all over."""

    def __init__(self, over: threading.Event) -> None:
        self._over = over
        self._next = _FIRST_PAUSE

    def take(self) -> None:
        self._over.wait(self._next)
        self._next = min(_LONGEST_PAUSE, 2 * self._next)
