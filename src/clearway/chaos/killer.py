"""Breaks nodes and puts them back: nothing is broken that would not come back by itself, and nothing goes unseen."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from clearway.base.clock import Clock
from clearway.base.errors import SiteError
from clearway.base.units import Duration
from clearway.chaos import bomb
from clearway.chaos.journal import Journal, JournalEntry, JournalStep
from clearway.chaos.kinds import Failure, Sign
from clearway.chaos.node_readiness import NodeReadiness
from clearway.kube.errors import KubeError
from clearway.kube.until import settle
from clearway.probe.records import Observation
from clearway.shell.base import Answer, CommandOutput, NotRun, Shell
from clearway.spec.model import FailureName

Observe = Callable[[Observation], None]

_LOOK_EVERY = Duration(1)
"""A cluster takes 40 s to see a node fail: a second more or less is nothing, and one request per second no load."""
_STRUCK_FOR_SURE = 4.0
"""Seconds after which a strike that was answered before it began has happened: it waits for one second."""
SEEN_WITHIN = Duration(150)
"""A cluster takes 40 to 50 s by default until it says of a silent node that it is not Ready."""


class ChaosFailed(SiteError):
    """A node could not be broken as it was meant to be. Whatever was done to it is undone by then, or will be."""


@dataclass(frozen=True)
class FailureRequest:
    """What is done to nodes, and for how long at most."""

    kind: FailureName
    fuse: Duration
    """After so long a node comes back by itself."""
    recovery: Duration
    """How long the cluster may take to see that it is back."""


@dataclass(frozen=True)
class KillerTools:
    """What a killer works with."""

    shell: Shell
    sight: NodeReadiness
    failures: Mapping[FailureName, Failure]
    journal: Journal
    clock: Clock
    down: set[str]
    """Names of the nodes that are broken on purpose just now: shared with whoever has to know."""

    async def pause_until(self, instant: float) -> None:
        await asyncio.sleep(max(0.0, self.clock.until(instant)))


@dataclass
class Victim:
    """A node that may be broken."""

    entry: JournalEntry
    recovery: Duration
    boot: str | None = None
    """Its boot ID before; None where nobody knows."""
    struck: float | None = None
    """When, if it was."""
    seen: bool = False
    """Whether it was seen broken."""

    @property
    def node(self) -> str:
        return self.entry.node

    @property
    def back_by_itself(self) -> float:
        """Unix seconds, at the earliest."""
        return self.entry.at + self.entry.fuse.si


@dataclass
class NodeKiller:
    """For one run. After `put_back`, which may be called at any time, nothing is broken, or it is told what is."""

    tools: KillerTools
    observe: Observe
    _open: dict[str, Victim] = field(default_factory=dict)

    async def fail(self, nodes: Iterable[str], blow: FailureRequest) -> None:
        """Break all of these at once; returns when each is seen broken.

        Raises ChaosFailed if one of them can't be: none stays broken then. Raises KubeError, LedgerError.
        """
        wanted = tuple(nodes)
        await self._refuse()
        results = await asyncio.gather(*(self._fail(node, blow) for node in wanted), return_exceptions=True)
        if errors := [result for result in results if isinstance(result, BaseException)]:
            await self.put_back()
            raise errors[0]

    async def put_back(self) -> bool:
        """Put back whatever is broken; False if the cluster does not see all of it back in time."""
        victims = list(self._open.values())
        return all(await asyncio.gather(*(self._put_back(victim) for victim in victims)))

    def take_up(self, entries: Iterable[JournalEntry], recovery: Duration) -> None:
        """What an earlier process left open, to be put back."""
        for entry in entries:
            self._open[entry.node] = Victim(entry, recovery, struck=entry.at)
            self.tools.down.add(entry.node)

    async def _refuse(self) -> None:
        """More than was asked for would be down."""
        if sick := sorted(set(await self.tools.sight.not_ready()) - self.tools.down):
            raise ChaosFailed("chaos.others-not-ready", nodes=tuple(sick), count=len(sick))

    async def _fail(self, node: str, blow: FailureRequest) -> None:
        victim = await self._armed(node, blow)
        failure = self.tools.failures[blow.kind]
        victim.struck = begun = self.tools.clock.now()
        self._tell("breaking", node, kind=blow.kind, fuse=Duration(victim.back_by_itself - begun))
        answer = await _to_its_end(self.tools.shell.run(node, bomb.strike(victim.entry.bomb, failure)))
        if not _went_well(answer) and not (failure.cuts_the_road and isinstance(answer, NotRun)):
            self._fault("chaos.not-broken", node, kind=blow.kind, why=_why(answer))
        within = min(SEEN_WITHIN, blow.fuse)
        rest = within - Duration(self.tools.clock.now() - begun)
        if not await settle(lambda: self._holds(lambda: self._is_broken(victim)), bool, rest, _LOOK_EVERY):
            self._fault("chaos.not-seen-broken", node, kind=blow.kind, within=within)
        victim.seen = True
        self._tell("broken", node, kind=blow.kind, after=Duration(self.tools.clock.now() - begun))

    async def _armed(self, node: str, blow: FailureRequest) -> Victim:
        """The node with its bomb ticking; in the journal before anything is done to it."""
        boot = (await self.tools.sight.view(node)).boot
        name = f"clearway-chaos-{secrets.token_hex(4)}"
        entry = JournalEntry(node, blow.kind, JournalStep.BREAKING, self.tools.clock.now(), name, blow.fuse)
        self.tools.journal.write(entry)
        victim = self._open[node] = Victim(entry, blow.recovery, boot)
        self.tools.down.add(node)
        failure = self.tools.failures[blow.kind]
        if failure.by_itself:
            return victim
        answer = await self.tools.shell.run(node, bomb.arm(name, blow.fuse, failure))
        if not (_went_well(answer) and bomb.ARMED in answer.stdout.split()):
            self._fault("chaos.not-armed", node, why=_why(answer))
        self._tell("armed", node, kind=blow.kind, fuse=blow.fuse)
        return victim

    async def _put_back(self, victim: Victim) -> bool:
        if victim.struck is None:
            await self._closed(victim)
            return True
        failure, begun = self.tools.failures[victim.entry.kind], self.tools.clock.now()
        self._tell("putting-back", victim.node, kind=victim.entry.kind)
        if failure.cuts_the_road:
            await self.tools.pause_until(victim.struck + _STRUCK_FOR_SURE)
        if await self._brought_back(victim, failure):
            self._tell("back", victim.node, after=Duration(self.tools.clock.now() - begun))
            await self._closed(victim)
            return True
        within = Duration(self.tools.clock.now() - begun)
        self._tell("failed", victim.node, code="chaos.not-back", within=within)
        return False

    async def _brought_back(self, victim: Victim, failure: Failure) -> bool:
        """By a command; where none reaches it, by its own bomb."""
        commanded = False
        patience = victim.recovery + failure.settles
        ends = max(self.tools.clock.now(), victim.back_by_itself) + patience.si
        while self.tools.clock.now() < ends:
            if not commanded and (commanded := await self._commanded(victim, failure)):
                ends = min(ends, self.tools.clock.now() + patience.si)
            known = commanded or victim.seen or self.tools.clock.now() > victim.back_by_itself
            if known and await self._holds(lambda: self._is_back(victim)):
                return True
            await asyncio.sleep(_LOOK_EVERY.si)
        return False

    async def _commanded(self, victim: Victim, failure: Failure) -> bool:
        if failure.by_itself:
            return False
        return _went_well(await self.tools.shell.run(victim.node, bomb.put_back(failure)))

    async def _closed(self, victim: Victim) -> None:
        """Disarmed, and written down. A bomb that can't be reached does what is done already, and is gone."""
        if not self.tools.failures[victim.entry.kind].by_itself:
            await self.tools.shell.run(victim.node, bomb.disarm(victim.entry.bomb))
        entry = victim.entry
        now = self.tools.clock.now()
        self.tools.journal.write(JournalEntry(entry.node, entry.kind, JournalStep.BACK, now, entry.bomb, entry.fuse))
        self._open.pop(victim.node, None)
        self.tools.down.discard(victim.node)

    async def _is_broken(self, victim: Victim) -> bool:
        failure = self.tools.failures[victim.entry.kind]
        if failure.sign is Sign.SCRIPT:
            return _went_well(await self.tools.shell.run(victim.node, bomb.look(failure)))
        view = await self.tools.sight.view(victim.node)
        return not view.ready or (failure.sign is Sign.REBOOTED and view.boot != victim.boot)

    async def _is_back(self, victim: Victim) -> bool:
        failure = self.tools.failures[victim.entry.kind]
        if failure.sign is Sign.SCRIPT:
            answer = await self.tools.shell.run(victim.node, bomb.look(failure))
            return isinstance(answer, CommandOutput) and answer.exit != 0
        view = await self.tools.sight.view(victim.node)
        return view.ready and not (failure.sign is Sign.REBOOTED and view.boot == victim.boot)

    async def _holds(self, sign: Callable[[], Awaitable[bool]]) -> bool:
        """What can't be asked just now is not seen."""
        try:
            return await sign()
        except KubeError:
            return False

    def _fault(self, code: str, node: str, **values: Any) -> None:
        """Tell of it and raise it."""
        self._tell("failed", node, code=code, **values)
        raise ChaosFailed(code, node=node, **values)

    def _tell(self, what: str, node: str, **values: Any) -> None:
        self.observe(Observation(f"chaos-{what}", node, self.tools.clock.now(), values))


async def _to_its_end(doing: Coroutine[Any, Any, Answer]) -> Answer:
    """What is half done when somebody is impatient could not be undone for sure."""
    task = asyncio.ensure_future(doing)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait((task,))
        raise


def _went_well(answer: Answer) -> TypeGuard[CommandOutput]:
    return isinstance(answer, CommandOutput) and answer.exit == 0


def _why(answer: Answer) -> str:
    """In the node's own words, or the road's code."""
    if isinstance(answer, NotRun):
        return answer.reason.code
    return answer.stderr.strip() or answer.stdout.strip() or f"exit {answer.exit}"
