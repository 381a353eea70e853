"""Commands over ssh from inside a lab's network: `python asking.py`, questions on its input, answers on its output."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clearway.base.units import Duration
from clearway.shell.base import NotRun, ShellCommand
from clearway.shell.runner import Runner
from clearway.shell.ssh import SshHost, SshLogin, SshTransport
from clearway.site.lab.site import LabSite


async def asked(
    site: LabSite, node: str, hosts: Mapping[str, SshHost], questions: Mapping[str, ShellCommand]
) -> dict[str, Any]:
    """From `node`, one question to each: what it printed, or the code of why nothing came."""
    written = {
        name: {
            "address": host.address,
            "login": [host.login.user, host.login.port, str(host.login.key), str(host.login.known_hosts)],
            "argv": questions[name].argv,
            "within": questions[name].within.si,
        }
        for name, host in hosts.items()
    }
    ran = await site.execute(node, (sys.executable, __file__), text=json.dumps(written), timeout=150)
    assert ran.exit == 0, ran
    answers: dict[str, Any] = json.loads(ran.stdout)
    return answers


async def _ask(written: dict[str, Any]) -> dict[str, Any]:
    hosts = {name: SshHost(one["address"], _login(*one["login"])) for name, one in written.items()}
    shell = Runner(SshTransport(hosts), log=lambda finding: None)
    commands = {name: ShellCommand(tuple(one["argv"]), within=Duration(one["within"])) for name, one in written.items()}
    answers = await asyncio.gather(*(shell.run(name, command) for name, command in commands.items()))
    await shell.close()
    said = (answer.reason.code if isinstance(answer, NotRun) else answer.stdout for answer in answers)
    return dict(zip(written, said, strict=True))


def _login(user: str, port: int, key: str, known_hosts: str) -> SshLogin:
    return SshLogin(user, port, Path(key), Path(known_hosts))


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_ask(json.load(sys.stdin)))))
