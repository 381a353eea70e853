"""Commands over ssh to several machines, some of which are dead or die: nobody waits for ever, and each says why."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from clearway.base.units import Duration
from clearway.shell.base import ShellCommand
from clearway.site.lab.model import LabSpec, Link
from lab.asking import asked
from lab.running import running_lab
from sshd import Keys, Sshd, started

pytestmark = pytest.mark.lab


@pytest.mark.slow
@pytest.mark.timeout(200)
async def test_each_of_several_machines_answers_or_says_why_not(tmp_path: Path) -> None:
    async with running_lab(LabSpec(nodes=6, link=Link()), agents=False) as lab:
        keys = Keys.made(tmp_path / "keys")
        servers = {f"node-{n}": Sshd(keys, tmp_path / f"node-{n}", f"198.18.0.{n}") for n in range(2, 7)}
        keys.remember(*servers.values())
        await started(lab.site, servers)
        await lab.site.execute("node-4", ("ip", "link", "set", "eth0", "down"))
        drop = "table inet deaf { chain in { type filter hook input priority 0; tcp dport 2222 drop; }; }"
        await lab.site.execute("node-5", ("nft", "-f", "-"), text=drop)
        address = ShellCommand(("ip", "-brief", "-4", "address", "show", "eth0"), within=Duration(60))
        questions = dict.fromkeys(servers, address) | {"node-6": ShellCommand(("sleep", "100"), within=Duration(90))}
        hosts = {name: server.host(user="root") for name, server in servers.items()}
        asking = asyncio.create_task(asked(lab.site, "node-1", hosts, questions))
        async with asyncio.timeout(60):
            while "Starting session" not in servers["node-6"].log:  # noqa: ASYNC110 - a file that another writes
                await asyncio.sleep(0.1)
        await lab.site.execute("node-6", ("ip", "link", "set", "eth0", "down"))
        said = await asking
    assert "198.18.0.2/24" in said.pop("node-2")
    assert "198.18.0.3/24" in said.pop("node-3")
    assert said == {
        "node-4": "shell.no-route",
        "node-5": "shell.no-connection",
        "node-6": "shell.connection-lost",
    }
