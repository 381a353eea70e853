"""Breaks nodes and restores them. Every broken node also restores itself, and every step is an observation.

The readiness of nodes from the API is the only evidence of failure and recovery for most failures.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeGuard

from clearway.base.clock import Clock
from clearway.base.errors import SiteError
from clearway.base.units import Duration
from clearway.chaos import bomb
from clearway.chaos.journal import Journal, JournalEntry, JournalStep
from clearway.chaos.kinds import Failure, Sign
from clearway.kube.access import Access
from clearway.kube.api import connect
from clearway.kube.errors import KubeError
from clearway.kube.objects import KubeNode, ObjectList
from clearway.kube.until import settle
from clearway.probe import observations
from clearway.probe.observations import ObservationKind
from clearway.probe.records import Observation
from clearway.shell.base import Answer, CommandOutput, NotRun, Shell
from clearway.site.kubernetes.names import NODES
from clearway.spec.model import FailureName


@dataclass(frozen=True)
class NodeState:
    """What the API shows of a node."""

    ready: bool
    boot: str
    """Boot ID: a new one after each start of the kernel."""


class NodeReadiness(Protocol):
    async def view(self, node: str) -> NodeState:
        """Raises KubeError; another try may succeed."""

    async def not_ready(self) -> Collection[str]:
        """Names of all nodes that are not Ready. Raises KubeError."""


@dataclass(frozen=True)
class KubernetesNodeReadiness:
    access: Access

    async def view(self, node: str) -> NodeState:
        async with connect(self.access) as api:
            found = await api.get(f"{NODES}/{node}", KubeNode)
        return NodeState(_is_ready(found), found.status.node_info.get("bootID", ""))

    async def not_ready(self) -> Collection[str]:
        async with connect(self.access) as api:
            pages = [page async for page in api.pages(NODES, ObjectList[KubeNode])]
        return {node.name for page in pages for node in page.items if not _is_ready(node)}


def _is_ready(node: KubeNode) -> bool:
    return node.ready is not None and node.ready.status == "True"


Observe = Callable[[Observation], None]

_LOOK_EVERY = Duration(1)
"""A cluster takes 40 s to see a node fail: a second more or less is nothing, and one request per second no load."""
_IN_EFFECT_AFTER = 4.0
"""Seconds after which a break that was answered before it began is in effect: its script waits for one second."""
SEEN_WITHIN = Duration(150)
"""A cluster takes 40 to 50 s by default to mark a silent node as not Ready; a reboot takes longer."""


class ChaosFailed(SiteError):
    """A node could not be broken as requested. It is restored by then, or restores itself."""


@dataclass(frozen=True)
class FailureRequest:
    """What is done to nodes, and for how long at most."""

    kind: FailureName
    fuse: Duration
    """Time after which a node restores itself."""
    recovery: Duration
    """How long the cluster may take to see that the node is restored."""


@dataclass(frozen=True)
class KillerTools:
    """What a NodeKiller works with."""

    shell: Shell
    readiness: NodeReadiness
    failures: Mapping[FailureName, Failure]
    journal: Journal
    clock: Clock
    down: set[str]
    """Names of the nodes that are broken on purpose at the moment; the brake reads the same set."""

    async def pause_until(self, instant: float) -> None:
        await asyncio.sleep(max(0.0, self.clock.until(instant)))


@dataclass
class BrokenNode:
    """A node that is broken or about to be."""

    entry: JournalEntry
    recovery: Duration
    boot: str | None = None
    """Its boot ID before; None for a node that an earlier process broke."""
    broken_at: float | None = None
    """When it was broken; None if it was not yet."""
    seen: bool = False
    """Whether the cluster, or a script, has shown that it is broken."""

    @property
    def node(self) -> str:
        return self.entry.node

    @property
    def restores_itself_at(self) -> float:
        """Unix seconds: the earliest time."""
        return self.entry.at + self.entry.fuse.si


@dataclass
class NodeKiller:
    """For one run. `restore` may be called at any time; a node that it can't restore is reported."""

    tools: KillerTools
    observe: Observe
    _open: dict[str, BrokenNode] = field(default_factory=dict)

    async def fail(self, nodes: Iterable[str], request: FailureRequest) -> None:
        """Break all of these at once; returns when each is seen to be broken.

        Raises ChaosFailed if one of them can't be broken: all are restored then. Raises KubeError, LedgerError.
        """
        wanted = tuple(nodes)
        await self._refuse_if_others_are_down()
        results = await asyncio.gather(*(self._fail(node, request) for node in wanted), return_exceptions=True)
        if errors := [result for result in results if isinstance(result, BaseException)]:
            await self.restore()
            raise errors[0]

    async def restore(self) -> bool:
        """Restore all broken nodes; False if the cluster does not see all of them recover in time."""
        broken = list(self._open.values())
        return all(await asyncio.gather(*(self._restore(broken_node) for broken_node in broken)))

    def adopt(self, entries: Iterable[JournalEntry], recovery: Duration) -> None:
        """Take over nodes that an earlier process left broken, to be restored."""
        for entry in entries:
            self._open[entry.node] = BrokenNode(entry, recovery, broken_at=entry.at)
            self.tools.down.add(entry.node)

    async def _refuse_if_others_are_down(self) -> None:
        """Break nothing while other nodes are not ready: more nodes than requested would be down."""
        if others := sorted(set(await self.tools.readiness.not_ready()) - self.tools.down):
            raise ChaosFailed("chaos.others-not-ready", nodes=tuple(others), count=len(others))

    async def _fail(self, node: str, request: FailureRequest) -> None:
        broken_node = await self._armed(node, request)
        failure = self.tools.failures[request.kind]
        broken_node.broken_at = begun = self.tools.clock.now()
        self._report(
            observations.CHAOS_BREAKING, node, kind=request.kind, fuse=Duration(broken_node.restores_itself_at - begun)
        )
        answer = await _uncancelled(self.tools.shell.run(node, bomb.break_node(broken_node.entry.bomb, failure)))
        if not _succeeded(answer) and not (failure.cuts_access and isinstance(answer, NotRun)):
            self._fail_with("chaos.not-broken", node, kind=request.kind, why=_why(answer))
        within = min(SEEN_WITHIN, request.fuse)
        rest = within - Duration(self.tools.clock.now() - begun)
        if not await settle(lambda: self._is_seen(lambda: self._is_broken(broken_node)), bool, rest, _LOOK_EVERY):
            self._fail_with("chaos.not-seen-broken", node, kind=request.kind, within=within)
        broken_node.seen = True
        self._report(observations.CHAOS_BROKEN, node, kind=request.kind, after=Duration(self.tools.clock.now() - begun))

    async def _armed(self, node: str, request: FailureRequest) -> BrokenNode:
        """Arm the node's bomb; the journal has the node before anything is done to it."""
        boot = (await self.tools.readiness.view(node)).boot
        name = f"clearway-chaos-{secrets.token_hex(4)}"
        entry = JournalEntry(node, request.kind, JournalStep.BREAKING, self.tools.clock.now(), name, request.fuse)
        self.tools.journal.write(entry)
        broken_node = self._open[node] = BrokenNode(entry, request.recovery, boot)
        self.tools.down.add(node)
        failure = self.tools.failures[request.kind]
        if failure.ends_by_itself:
            return broken_node
        answer = await self.tools.shell.run(node, bomb.arm(name, request.fuse, failure))
        if not (_succeeded(answer) and bomb.ARMED in answer.stdout.split()):
            self._fail_with("chaos.not-armed", node, why=_why(answer))
        self._report(observations.CHAOS_ARMED, node, kind=request.kind, fuse=request.fuse)
        return broken_node

    async def _restore(self, broken_node: BrokenNode) -> bool:
        if broken_node.broken_at is None:
            await self._close(broken_node)
            return True
        failure, begun = self.tools.failures[broken_node.entry.kind], self.tools.clock.now()
        self._report(observations.CHAOS_PUTTING_BACK, broken_node.node, kind=broken_node.entry.kind)
        if failure.cuts_access:
            await self.tools.pause_until(broken_node.broken_at + _IN_EFFECT_AFTER)
        if await self._recovered(broken_node, failure):
            self._report(observations.CHAOS_BACK, broken_node.node, after=Duration(self.tools.clock.now() - begun))
            await self._close(broken_node)
            return True
        within = Duration(self.tools.clock.now() - begun)
        self._report(observations.CHAOS_FAILED, broken_node.node, code="chaos.not-back", within=within)
        return False

    async def _recovered(self, broken_node: BrokenNode, failure: Failure) -> bool:
        """Restore by a command or, if none reaches the node, by its own bomb; wait until that is seen."""
        restored = False
        allowed = broken_node.recovery + failure.extra_recovery
        ends = max(self.tools.clock.now(), broken_node.restores_itself_at) + allowed.si
        while self.tools.clock.now() < ends:
            if not restored and (restored := await self._restored_by_command(broken_node, failure)):
                ends = min(ends, self.tools.clock.now() + allowed.si)
            known = restored or broken_node.seen or self.tools.clock.now() > broken_node.restores_itself_at
            if known and await self._is_seen(lambda: self._is_back(broken_node)):
                return True
            await asyncio.sleep(_LOOK_EVERY.si)
        return False

    async def _restored_by_command(self, broken_node: BrokenNode, failure: Failure) -> bool:
        if failure.ends_by_itself:
            return False
        return _succeeded(await self.tools.shell.run(broken_node.node, bomb.restore(failure)))

    async def _close(self, broken_node: BrokenNode) -> None:
        """Disarm the bomb and write the journal. One that can't be reached restores again, which is harmless."""
        if not self.tools.failures[broken_node.entry.kind].ends_by_itself:
            await self.tools.shell.run(broken_node.node, bomb.disarm(broken_node.entry.bomb))
        entry = broken_node.entry
        now = self.tools.clock.now()
        self.tools.journal.write(JournalEntry(entry.node, entry.kind, JournalStep.BACK, now, entry.bomb, entry.fuse))
        self._open.pop(broken_node.node, None)
        self.tools.down.discard(broken_node.node)

    async def _is_broken(self, broken_node: BrokenNode) -> bool:
        failure = self.tools.failures[broken_node.entry.kind]
        if failure.sign is Sign.SCRIPT:
            return _succeeded(await self.tools.shell.run(broken_node.node, bomb.check(failure)))
        view = await self.tools.readiness.view(broken_node.node)
        return not view.ready or (failure.sign is Sign.REBOOTED and view.boot != broken_node.boot)

    async def _is_back(self, broken_node: BrokenNode) -> bool:
        failure = self.tools.failures[broken_node.entry.kind]
        if failure.sign is Sign.SCRIPT:
            answer = await self.tools.shell.run(broken_node.node, bomb.check(failure))
            return isinstance(answer, CommandOutput) and answer.exit != 0
        view = await self.tools.readiness.view(broken_node.node)
        return view.ready and not (failure.sign is Sign.REBOOTED and view.boot == broken_node.boot)

    async def _is_seen(self, sign: Callable[[], Awaitable[bool]]) -> bool:
        """An API server that does not answer shows nothing."""
        try:
            return await sign()
        except KubeError:
            return False

    def _fail_with(self, code: str, node: str, **values: Any) -> None:
        """Report a failure and raise it."""
        self._report(observations.CHAOS_FAILED, node, code=code, **values)
        raise ChaosFailed(code, node=node, **values)

    def _report(self, event: ObservationKind, node: str, **values: Any) -> None:
        self.observe(event.seen(node, self.tools.clock.now(), values))


async def _uncancelled(doing: Coroutine[Any, Any, Answer]) -> Answer:
    """On cancellation, finish the current step: a half-applied failure can't be reverted reliably."""
    task = asyncio.ensure_future(doing)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait((task,))
        raise


def _succeeded(answer: Answer) -> TypeGuard[CommandOutput]:
    return isinstance(answer, CommandOutput) and answer.exit == 0


def _why(answer: Answer) -> str:
    """The output on the node, or the code of why there is none."""
    if isinstance(answer, NotRun):
        return answer.reason.code
    return answer.stderr.strip() or answer.stdout.strip() or f"exit {answer.exit}"
