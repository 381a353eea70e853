"""Runs commands on nodes over any transport: with deadlines, few at once, over shared connections."""

from __future__ import annotations

import asyncio
import shlex
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress

from clearway.base.units import Duration
from clearway.probe.records import Finding, Reason, Severity
from clearway.shell.base import Answer, CommandOutput, Connection, NotRun, ShellCommand, Transport
from clearway.shell.process import run_process

AT_ONCE = 32
"""Commands under way. Each is a process here: enough to use the waiting time, too few to load a small machine."""
AT_ONCE_ON_A_NODE = 8
"""OpenSSH's server takes ten sessions over one connection (sshd_config, MaxSessions)."""
LOGINS_AT_ONCE = 8
"""OpenSSH's server, a bastion for instance, refuses connections while ten are not logged in yet (MaxStartups)."""
_GRACE = 5.0
"""Seconds between the time-out here and the kill on the node, so that the answer is lost only if the node hangs."""
_ENDED_WITHIN = 10.0
"""Seconds for a shared connection to end. Afterwards ssh's ControlPersist ends it."""
_PAUSES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
"""Seconds between checks of a connection that is to end: usually it has ended at the first."""


class Runner:
    """A Shell over one transport; `log` gets every command before it is run."""

    def __init__(self, transport: Transport, *, log: Callable[[Finding], None], at_once: int = AT_ONCE) -> None:
        self._transport = transport
        self._log = log
        self._under_way = asyncio.Semaphore(at_once)
        self._logins = asyncio.Semaphore(LOGINS_AT_ONCE)
        self._on_node: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(AT_ONCE_ON_A_NODE))
        self._connecting: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._connected: dict[str, Connection] = {}

    async def run(self, node: str, command: ShellCommand) -> Answer:
        async with self._on_node[node], self._under_way:
            try:
                reason = self._transport.obstacle(node) or await self._connect(node, command.within)
                if reason is not None:
                    return NotRun(reason)
                async with asyncio.timeout(command.within.si):
                    return await self._answer_to(node, command)
            except TimeoutError:
                values = {"node": node, "command": shlex.join(command.argv), "within": command.within}
                return NotRun(Reason("shell.no-answer", values))
            except OSError as error:
                return NotRun(Reason("shell.not-started", {"node": node, "cause": error.strerror or str(error)}))

    async def close(self) -> None:
        connected, self._connected = self._connected, {}
        await asyncio.gather(*(_ended(connection) for connection in connected.values()))
        self._transport.close()

    async def _answer_to(self, node: str, command: ShellCommand) -> Answer:
        argv = self._transport.command(node, bounded(command))
        self._log(Finding("shell.runs", Severity.INFO, node, {"command": shlex.join(argv)}))
        output = await run_process(argv, command.text)
        reason = self._transport.failure(node, output)
        return output if reason is None or await self._is_connected(node) else NotRun(reason)

    async def _connect(self, node: str, within: Duration) -> Reason | None:
        """Make the connection if there is none yet; one at a time, so that no two make the same one.

        `within` starts when the login does: time spent waiting for the logins of others is not counted. Raises
        TimeoutError.
        """
        connection = self._transport.connection(node)
        if connection is None:
            return None
        async with self._connecting[node]:
            if await self._is_connected(node):
                return None
            async with self._logins, asyncio.timeout(within.si):
                output = await run_process(connection.make)
            if output.exit == 0:
                self._connected[node] = connection
                return None
            return self._transport.failure(node, output) or _failed(node, output)

    async def _is_connected(self, node: str) -> bool:
        """Whether the connection still exists: then the output that looked like its failure came from the command."""
        connection = self._connected.get(node)
        if connection is None:
            return False
        if (await run_process(connection.check)).exit == 0:
            return True
        self._connected.pop(node, None)
        return False


def bounded(command: ShellCommand) -> tuple[str, ...]:
    """The command with a time limit on the node itself, which holds even if the controller has died."""
    script = 'if command -v timeout >/dev/null; then exec timeout -s KILL "$0" "$@"; else exec "$@"; fi'
    return ("sh", "-c", script, f"{command.within.si + _GRACE:.0f}", *command.argv)


async def _ended(connection: Connection) -> None:
    """End the connection and wait until it has ended."""
    with suppress(TimeoutError, OSError):
        async with asyncio.timeout(_ENDED_WITHIN):
            await run_process(connection.end)
            for pause in _PAUSES:
                if (await run_process(connection.check)).exit != 0:
                    return
                await asyncio.sleep(pause)


def _failed(node: str, output: CommandOutput) -> Reason:
    return Reason("shell.road-failed", {"node": node, "exit": output.exit, "quote": output.stderr.strip()[-200:]})


class Rehearsal:
    """Every command succeeds without output; `log` gets each of them."""

    def __init__(self, transport: Transport, *, log: Callable[[Finding], None]) -> None:
        self._transport = transport
        self._log = log

    async def run(self, node: str, command: ShellCommand) -> Answer:
        if (reason := self._transport.obstacle(node)) is not None:
            return NotRun(reason)
        shown = shlex.join(self._transport.command(node, bounded(command)))
        self._log(Finding("shell.would-run", Severity.INFO, node, {"command": shown, "within": command.within}))
        return CommandOutput(0)

    async def close(self) -> None:
        self._transport.close()
