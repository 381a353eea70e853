"""The one runner of commands on nodes, over any road: deadlines, few at once, connections shared and ended."""

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
"""Commands under way."""
AT_ONCE_ON_A_NODE = 8
"""OpenSSH's server takes ten sessions over one connection."""
LOGINS_AT_ONCE = 8
"""By default OpenSSH's server, a bastion for instance, turns away whoever comes while ten are not let in yet."""
_GRACE = 5.0
"""Seconds after a command was given up here until it is ended there, where the node has `timeout`."""
_ENDED_WITHIN = 10.0
_PAUSES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
"""Seconds for a connection to be ended, and between the looks at it."""


class Runner:
    """A Shell over one road; `log` is told every command before it is run."""

    def __init__(self, road: Transport, *, log: Callable[[Finding], None], at_once: int = AT_ONCE) -> None:
        self._road = road
        self._log = log
        self._places = asyncio.Semaphore(at_once)
        self._logins = asyncio.Semaphore(LOGINS_AT_ONCE)
        self._on_node: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(AT_ONCE_ON_A_NODE))
        self._connecting: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._connected: dict[str, Connection] = {}

    async def run(self, node: str, command: ShellCommand) -> Answer:
        async with self._on_node[node], self._places:
            try:
                reason = self._road.obstacle(node) or await self._connect(node, command.within)
                if reason is not None:
                    return NotRun(reason)
                async with asyncio.timeout(command.within.si):
                    return await self._carried_out(node, command)
            except TimeoutError:
                values = {"node": node, "command": shlex.join(command.argv), "within": command.within}
                return NotRun(Reason("shell.no-answer", values))
            except OSError as error:
                return NotRun(Reason("shell.not-started", {"node": node, "cause": error.strerror or str(error)}))

    async def close(self) -> None:
        connected, self._connected = self._connected, {}
        await asyncio.gather(*(_ended(connection) for connection in connected.values()))
        self._road.close()

    async def _carried_out(self, node: str, command: ShellCommand) -> Answer:
        argv = self._road.command(node, bounded(command))
        self._log(Finding("shell.runs", Severity.INFO, node, {"command": shlex.join(argv)}))
        said = await run_process(argv, command.text)
        reason = self._road.failure(node, said)
        return said if reason is None or await self._stands(node) else NotRun(reason)

    async def _connect(self, node: str, within: Duration) -> Reason | None:
        """Make the connection if it is not there; one at a time, so that no two make the same one.

        What others take for their logins is not counted. Raises TimeoutError.
        """
        connection = self._road.connection(node)
        if connection is None:
            return None
        async with self._connecting[node]:
            if await self._stands(node):
                return None
            async with self._logins, asyncio.timeout(within.si):
                said = await run_process(connection.make)
            if said.exit == 0:
                self._connected[node] = connection
                return None
            return self._road.failure(node, said) or _failed(node, said)

    async def _stands(self, node: str) -> bool:
        """Whether the connection is there: if it outlived what looked like its end, the command itself said that."""
        connection = self._connected.get(node)
        if connection is None:
            return False
        if (await run_process(connection.check)).exit == 0:
            return True
        self._connected.pop(node, None)
        return False


def bounded(command: ShellCommand) -> tuple[str, ...]:
    """The command as one that ends on the node too, also if nobody is left here to ask for it."""
    script = 'if command -v timeout >/dev/null; then exec timeout -s KILL "$0" "$@"; else exec "$@"; fi'
    return ("sh", "-c", script, f"{command.within.si + _GRACE:.0f}", *command.argv)


async def _ended(connection: Connection) -> None:
    """Asked to end, and seen to have ended."""
    with suppress(TimeoutError, OSError):
        async with asyncio.timeout(_ENDED_WITHIN):
            await run_process(connection.end)
            for pause in _PAUSES:
                if (await run_process(connection.check)).exit != 0:
                    return
                await asyncio.sleep(pause)


def _failed(node: str, said: CommandOutput) -> Reason:
    return Reason("shell.road-failed", {"node": node, "exit": said.exit, "quote": said.stderr.strip()[-200:]})
