"""How long requests are tried: an API server comes and goes, and one that is just back refuses what it will allow."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from clearway.kube.errors import Exists, Forbidden, KubeError, NotServed, Overloaded, Unauthorized, Unreachable

_FIRST_CONTACT = 30.0
"""Seconds of patience with a server that has never answered: its address may be wrong."""
_JUST_BACK = 30.0
"""Seconds after an outage in which a server may not have read all rights, users and kinds yet."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
"""Seconds between tries, doubled each time."""
_LEAST_WHEN_OVERLOADED = 1.0
"""Seconds, as a server asks that has too much to do."""
_STILL_LOADING = (Forbidden, Unauthorized, NotServed)


def _now() -> float:
    return asyncio.get_running_loop().time()


@dataclass
class ServerPresence:
    """What all requests of one connection have seen of the API server."""

    first_contact: float = _FIRST_CONTACT
    _known: bool = False
    _silent: float | None = None
    """When a request last had no answer."""

    def answered(self) -> None:
        self._known = True

    def missed(self) -> None:
        self._silent = _now()

    def was_away_since(self, instant: float) -> bool:
        """Whether a request had no answer since then, on the event loop's clock."""
        return self._silent is not None and self._silent >= instant

    @property
    def is_just_back(self) -> bool:
        return self.was_away_since(_now() - _JUST_BACK)

    def patience(self, error: KubeError) -> float:
        """Seconds for which a request that fails so is tried."""
        if isinstance(error, _STILL_LOADING):
            return _JUST_BACK if self._known and self.is_just_back else 0.0
        if isinstance(error, Unreachable) and not self._known:
            return min(self.first_contact, error.patience)
        return error.patience


@dataclass
class Tries:
    """The tries of one request."""

    presence: ServerPresence
    _failed: int = 0
    _begun: float = field(default_factory=_now)
    _pause: float = _FIRST_PAUSE

    async def pause_after(self, error: KubeError) -> None:
        """Returns when it is time for the next try. Raises the error if another one would be in vain."""
        patience = self.presence.patience(error)
        if isinstance(error, Exists):
            error.is_perhaps_ours = self._failed > 0
        if patience == 0.0 or _now() - self._begun > patience:
            raise error
        self._failed += 1
        await asyncio.sleep(max(self._pause, _LEAST_WHEN_OVERLOADED) if isinstance(error, Overloaded) else self._pause)
        self._pause = min(_LONGEST_PAUSE, 2 * self._pause)
