"""Facts about the nodes' own network devices, and what they dropped or damaged during a run: read over a shell.

A worker in a pod sees only its pod's devices; the cards that carry the traffic belong to the node.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from clearway.base.units import Duration
from clearway.probe.observations import HOST_DEVICES, HOST_LOSSES, HOST_NOT_READ
from clearway.shell.base import Answer, NotRun, Shell, ShellCommand
from clearway.site.base import WatchContext
from clearway.worker.devices import Counts, of_devices, of_softnet, of_tracking, risen

_WITHIN = Duration(10)
"""For reading a few files: a node that needs longer is overloaded, and the run shall not wait for it."""
_PART = "== "
_LOOK = f"""\
for file in /proc/net/dev /proc/net/softnet_stat /proc/net/stat/nf_conntrack; do
  echo "{_PART}$file"; cat "$file" 2>/dev/null
done
echo "{_PART}facts"
for card in /sys/class/net/*/device; do
  [ -e "$card" ] || continue
  folder=${{card%/device}}
  name=${{folder##*/}}
  echo "$name.driver $(basename "$(readlink "$card/driver")" 2>/dev/null)"
  echo "$name.mtu $(cat "$folder/mtu" 2>/dev/null)"
  echo "$name.speed $(cat "$folder/speed" 2>/dev/null)"
done
for name in count max; do
  echo "conntrack-$name $(cat /proc/sys/net/netfilter/nf_conntrack_$name 2>/dev/null)"
done
true
"""
_SPEED = ".speed"
"""Mbit/s, as the kernel reports it; -1 for a device without a link."""


@dataclass(frozen=True)
class HostDevices:
    """A Watcher. A node that can't be read is an observation, and no reason to stop."""

    shell: Shell

    @asynccontextmanager
    async def watching(self, context: WatchContext) -> AsyncIterator[None]:
        nodes = sorted(context.nodes)
        before = await self._read(nodes, context)
        for node, parts in before.items():
            context.observe(HOST_DEVICES.seen(node, context.clock.now(), facts(parts)))
        try:
            yield
        finally:
            after = await self._read([*before], context)
            for node, parts in after.items():
                rose = risen(counts(before[node]), counts(parts)) or {}
                context.observe(HOST_LOSSES.seen(node, context.clock.now(), dict(rose)))

    async def _read(self, nodes: Sequence[str], context: WatchContext) -> dict[str, Mapping[str, str]]:
        command = ShellCommand(("sh", "-c", _LOOK), within=_WITHIN)
        answers = await asyncio.gather(*(self.shell.run(node, command) for node in nodes))
        found = {}
        for node, answer in zip(nodes, answers, strict=True):
            if (cause := _refusal(answer)) is not None:
                context.observe(HOST_NOT_READ.seen(node, context.clock.now(), {"cause": cause}))
            elif not isinstance(answer, NotRun):
                found[node] = parts_of(answer.stdout)
        return found


def parts_of(output: str) -> Mapping[str, str]:
    """The content of each file, by its name."""
    parts = (part.partition("\n") for part in output.split(_PART)[1:])
    return {name: text for name, _, text in parts}


def counts(parts: Mapping[str, str]) -> Counts:
    """Running totals, under the names that workers use."""
    return {
        **dict(of_devices(parts.get("/proc/net/dev", ""))),
        **dict(of_softnet(parts.get("/proc/net/softnet_stat", ""))),
        **dict(of_tracking(parts.get("/proc/net/stat/nf_conntrack", ""))),
    }


def facts(parts: Mapping[str, str]) -> dict[str, str]:
    """Driver, MTU and speed of each physical card, and use of the connection table. What is unknown is left out."""
    lines = (line.partition(" ") for line in parts.get("facts", "").splitlines())
    known = {name: text.strip() for name, _, text in lines if text.strip()}
    return {
        name: f"{text} Mbit/s" if name.endswith(_SPEED) else text
        for name, text in known.items()
        if not (name.endswith(_SPEED) and text.startswith("-"))
    }


def _refusal(answer: Answer) -> str | None:
    """Why a node could not be read: a code of the shell, or the node's output. None: it was read."""
    if isinstance(answer, NotRun):
        return answer.reason.code
    if answer.exit != 0 or not answer.stdout.startswith(_PART):
        return answer.stderr.strip() or f"exit {answer.exit}"
    return None
