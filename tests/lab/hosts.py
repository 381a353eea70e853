"""Lab nodes as plain hosts: a real sshd in each, and a controller in the fabric that can reach them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from clearway.site.lab.control import Ran
from clearway.site.lab.model import LabSpec
from clearway.site.lab.site import LabSite
from clearway.site.lab.topology import BRIDGE, Addresses
from lab.running import running_lab
from meta.test_old_python import python_39
from sshd import Keys, Sshd, login, started

CONTROLLER = "198.18.0.254/24"
AGENT = "exec(base64"
"""In the command line of everything of an agent's."""
_GONE_WITHIN = 30.0
"""Seconds."""


def hosts_python() -> str:
    """The oldest Python that an agent has to run on, where there is one."""
    return python_39() or sys.executable


@dataclass(frozen=True)
class HostsLab:
    """A running lab without agents of its own, whose nodes are entered by ssh."""

    site: LabSite
    folder: Path
    servers: dict[str, Sshd]

    @property
    def file(self) -> Path:
        return self.folder / "hosts.yaml"

    def write_hosts(self, **of_each: object) -> None:
        """The hosts file: each node by its name, in one zone."""
        hosts = [
            # Namespaces of one kernel share their machine, which here is meant.
            {"name": name, "address": server.address, "machine": f"machine of {name}", **of_each}
            for name, server in self.servers.items()
        ]
        keys = next(iter(self.servers.values())).keys
        defaults = {"user": login(), "port": 2222, "key": str(keys.user), "python": hosts_python(), "zone": "rack"}
        data = {"version": 1, "known-hosts": str(keys.known_hosts), "defaults": defaults, "hosts": hosts}
        self.file.write_text(yaml.safe_dump(data, sort_keys=False))

    def scratch(self, node: str) -> Path:
        """The folder for temporary files of whoever logs in."""
        return self.folder / node / "tmp"

    async def clearway(self, *words: str | Path, timeout: float = 120.0) -> Ran:
        """The command, in the fabric."""
        return await self.site.execute(None, self._argv(*words), timeout=timeout)

    async def in_background(self, *words: str | Path) -> int:
        """The same, going on by itself; its process id in the lab."""
        log = self.folder / "background.log"
        script = 'log=$1; shift; "$@" >"$log" 2>&1 </dev/null & echo $!'
        ran = await self.site.execute(None, ("sh", "-c", script, "sh", str(log), *self._argv(*words)))
        return int(ran.stdout)

    async def sh(self, script: str) -> Ran:
        return await self.site.execute(None, ("sh", "-c", script))

    async def agents(self) -> list[str]:
        """Everything of an agent's that runs, on any node."""
        return (await self.sh(f"pgrep --full --list-full '{AGENT[:4]}[(]{AGENT[5:]}'")).stdout.splitlines()

    def files(self, *nodes: str) -> list[Path]:
        """Whatever is left in the folders for temporary files, of these nodes or of all."""
        return [path for node in nodes or self.servers for path in self.scratch(node).iterdir()]

    async def tools(self) -> list[str]:
        return (await self.sh("pgrep --list-full '^(iperf|iperf3|nginx|h2load|sockperf)$'")).stdout.splitlines()

    async def until_ended(self, process: int) -> None:
        """Return when a process in the lab has ended, whether anybody took note of it or not."""
        async with asyncio.timeout(_GONE_WITHIN):
            while (await self.sh(f"grep -q '^State:.[^ZX]' /proc/{process}/status")).exit == 0:  # noqa: ASYNC110
                await asyncio.sleep(0.1)

    async def until_gone(self) -> None:
        """Return when no process and no file of any agent's is left; fail after half a minute."""
        async with asyncio.timeout(_GONE_WITHIN):
            while await self.agents() or await self.tools() or self.files():  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0.1)

    def _argv(self, *words: str | Path) -> tuple[str, ...]:
        environment = (f"TMPDIR={self.folder / 'controller'}", "LC_ALL=C.UTF-8")
        return ("env", *environment, sys.executable, "-m", "clearway", *map(str, words))


@asynccontextmanager
async def hosts_lab(folder: Path, lab: LabSpec) -> AsyncIterator[HostsLab]:
    """Its nodes have sshd, the fabric has an address, `hosts.yaml` names all."""
    (folder / "controller").mkdir(parents=True)
    keys = Keys.made(folder / "keys")
    servers = dict(_servers(folder, keys, lab))
    keys.remember(*servers.values())
    async with running_lab(lab, agents=False) as running:
        await running.site.execute(None, ("ip", "address", "add", CONTROLLER, "dev", BRIDGE))
        await started(running.site, servers)
        found = HostsLab(running.site, folder, servers)
        found.write_hosts()
        yield found


def _servers(folder: Path, keys: Keys, lab: LabSpec) -> Iterator[tuple[str, Sshd]]:
    for node in lab.resolved():
        server = Sshd(keys, folder / node.name, Addresses(lab.ip).of(node))
        scratch = folder / node.name / "tmp"
        scratch.mkdir()
        with (server.folder / "config").open("a") as config:
            config.write(f"SetEnv TMPDIR={scratch}\n")
        yield node.name, server
