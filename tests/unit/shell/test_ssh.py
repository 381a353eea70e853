"""Commands over the system's ssh to a real sshd: what arrives, what comes back, and why nothing does."""

from __future__ import annotations

import asyncio
import os
import shlex
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clearway.base.units import Duration
from clearway.probe.records import Finding
from clearway.shell.base import Answer, CommandOutput, NotRun, ShellCommand
from clearway.shell.process import KEPT
from clearway.shell.runner import Rehearsal, Runner
from clearway.shell.ssh import HostKeys, SshHost, SshTransport
from sshd import Sshd, free_port, serving
from unit.shell.conftest import Lodge

TRUE = ShellCommand(("true",))


@asynccontextmanager
async def over_ssh(**hosts: SshHost) -> AsyncIterator[Runner]:
    runner = Runner(SshTransport(hosts), log=lambda finding: None)
    try:
        yield runner
    finally:
        await runner.close()


async def answered(host: SshHost, command: ShellCommand = TRUE) -> Answer:
    async with over_ssh(node=host) as shell:
        return await shell.run("node", command)


async def refused(host: SshHost, command: ShellCommand = TRUE) -> str:
    answer = await answered(host, command)
    assert isinstance(answer, NotRun), answer
    return answer.reason.code


async def test_a_command_runs_there_with_its_input_and_says_how_it_ended(lodge: Lodge) -> None:
    script = "cat; echo $SSH_CONNECTION >&2; exit 3"
    answer = await answered(lodge.server.host(), ShellCommand(("sh", "-c", script), text="한 줄\n"))
    assert isinstance(answer, CommandOutput)
    assert (answer.exit, answer.stdout, answer.stderr.split()[-1]) == (3, "한 줄\n", str(lodge.server.port))


async def test_a_command_that_speaks_like_a_broken_road_is_still_a_command(lodge: Lodge) -> None:
    script = "echo 'root@x: Permission denied (publickey).' >&2; exit 255"
    answer = await answered(lodge.server.host(), ShellCommand(("sh", "-c", script)))
    assert isinstance(answer, CommandOutput)
    assert answer.exit == 255


@pytest.mark.slow
async def test_a_node_is_logged_in_to_once_for_all_its_commands(lodge: Lodge) -> None:
    before = lodge.server.log.count("Accepted publickey")
    async with over_ssh(node=lodge.server.host()) as shell:
        commands = [ShellCommand(("echo", str(number))) for number in range(20)]
        answers = await asyncio.gather(*(shell.run("node", command) for command in commands))
    assert answers == [CommandOutput(0, f"{number}\n") for number in range(20)]
    assert lodge.server.log.count("Accepted publickey") == before + 1


@pytest.mark.slow
async def test_thirty_two_hosts_are_asked_at_once(lodge: Lodge) -> None:
    """Each waits until all are there: one after the other, nobody would ever get an answer."""
    servers = [_at_sixteen(lodge, block) for block in (1, 2)]
    lodge.keys.remember(*servers)
    hosts = {at: server.host(address=at) for server in servers for at in (server.address, *server.also_at)}
    meeting = lodge.folder / "meeting"
    meeting.mkdir()
    script = f'touch {meeting}/$0; until [ "$(ls {meeting} | wc -l)" = 32 ]; do sleep 0.1; done; echo "$0"'
    with serving(servers[0]), serving(servers[1]):
        async with over_ssh(**hosts) as shell:
            wanted = {name: ShellCommand(("sh", "-c", script, name), within=Duration(50)) for name in hosts}
            answers = await asyncio.gather(*(shell.run(name, command) for name, command in wanted.items()))
    assert answers == [CommandOutput(0, f"{name}\n") for name in hosts]


async def test_ten_megabytes_are_drained_and_the_beginning_is_kept(lodge: Lodge) -> None:
    answer = await answered(lodge.server.host(), ShellCommand(("sh", "-c", "yes | head -c 10000000; exit 5")))
    assert answer == CommandOutput(5, "y\n" * (KEPT // 2), "", truncated=True)


@pytest.mark.slow
async def test_a_command_that_hangs_is_given_up_here_and_soon_ended_there(lodge: Lodge) -> None:
    async with over_ssh(node=lodge.server.host()) as shell:
        assert await shell.run("node", TRUE) == CommandOutput(0)
        answer = await shell.run("node", ShellCommand(("sleep", "1000000"), within=Duration(0.5)))
        assert isinstance(answer, NotRun)
        assert answer.reason.code == "shell.no-answer"
        assert not of_ours("sleep 1000000")
        assert await shell.run("node", TRUE) == CommandOutput(0), "the connection outlives it"
    await _until(lambda: not running("sleep 1000000"))


async def test_a_host_that_accepts_and_says_nothing_is_given_up(lodge: Lodge) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = lodge.server.host(port=silent.getsockname()[1])
        assert await refused(host, ShellCommand(("true",), within=Duration(1))) == "shell.no-answer"
        assert of_ours(f"Port={host.login.port}") == []


async def test_a_key_that_is_not_let_in_is_reported_with_the_user(lodge: Lodge) -> None:
    answer = await answered(lodge.server.host(key=lodge.keys.stranger))
    assert isinstance(answer, NotRun)
    assert answer.reason.code == "shell.key-refused"
    assert answer.reason.values["key"] == str(lodge.keys.stranger)


async def test_a_changed_host_key_is_refused_also_where_new_ones_are_taken(lodge: Lodge, tmp_path: Path) -> None:
    known = tmp_path / "known"
    known.write_text(f"{lodge.server.known_as[0]} {lodge.keys.stranger.with_suffix('.pub').read_text()}")
    for policy in HostKeys:
        assert await refused(lodge.server.host(known_hosts=known, host_keys=policy)) == "shell.host-key-changed"


async def test_an_unknown_host_key_is_refused_and_taken_only_where_that_is_asked_for(
    lodge: Lodge, tmp_path: Path
) -> None:
    known = tmp_path / "known hosts"
    assert await refused(lodge.server.host(known_hosts=known)) == "shell.host-key-unknown"
    assert await answered(lodge.server.host(known_hosts=known, host_keys=HostKeys.ACCEPT_NEW)) == CommandOutput(0)
    assert await answered(lodge.server.host(known_hosts=known)) == CommandOutput(0)


async def test_a_closed_port_and_an_unknown_name_are_distinguished(lodge: Lodge) -> None:
    assert await refused(lodge.server.host(port=free_port())) == "shell.connection-refused"
    assert await refused(replace(lodge.server.host(), address="nobody.invalid")) == "shell.name-unknown"


async def test_an_address_that_looks_like_an_option_is_none(lodge: Lodge, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    await answered(replace(lodge.server.host(), address=f"-oProxyCommand=touch {trap}"))
    assert not trap.exists()


async def test_a_bastion_is_passed_through(lodge: Lodge, tmp_path: Path) -> None:
    """The way to the bastion is the user's configuration's business; this one is handed over by -F."""
    config = tmp_path / "config"
    host = lodge.server.host()
    login = host.login
    lines = f"Host hop\n  HostName {host.address}\n  User {login.user}\n  Port {login.port}\n"
    config.write_text(f"{lines}Host *\n  IdentityFile {login.key}\n  UserKnownHostsFile {login.known_hosts}\n")
    before = lodge.server.log.count("Accepted publickey")
    road = SshTransport({"node": lodge.server.host(bastion="hop")})
    runner = Runner(_Configured(road, config), log=lambda finding: None)
    assert await runner.run("node", ShellCommand(("echo", "there"))) == CommandOutput(0, "there\n")
    await runner.close()
    assert lodge.server.log.count("Accepted publickey") == before + 2


@pytest.mark.slow
async def test_a_server_that_goes_away_meanwhile_is_a_lost_connection_and_the_next_command_makes_a_new_one(
    lodge: Lodge, tmp_path: Path
) -> None:
    server = Sshd(lodge.keys, lodge.folder / "mortal", "127.0.0.1", free_port())
    lodge.keys.remember(server)
    async with over_ssh(node=server.host()) as shell:
        with serving(server):
            waiting = asyncio.create_task(shell.run("node", ShellCommand(("sleep", "1000"))))
            await _until(lambda: "Starting session" in server.log)
        answer = await waiting
        assert isinstance(answer, NotRun)
        assert answer.reason.code == "shell.connection-lost"
        with serving(server):
            assert await shell.run("node", TRUE) == CommandOutput(0)


async def test_closing_leaves_neither_process_nor_socket(
    lodge: Lodge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory(prefix="t") as short:
        monkeypatch.setattr("tempfile.tempdir", short)
        runner = Runner(SshTransport({"node": lodge.server.host()}), log=lambda finding: None)
        assert await runner.run("node", TRUE) == CommandOutput(0)
        assert len(of_ours(short)) == 1
        await runner.close()
        await runner.close()
        assert await asyncio.to_thread(os.listdir, short) == []
    await _until(lambda: of_ours(short) == [])


async def test_a_long_temporary_folder_is_no_obstacle(
    lodge: Lodge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    assert await answered(lodge.server.host()) == CommandOutput(0)
    assert list(deep.iterdir()) == []


async def test_an_unknown_node_is_reported(lodge: Lodge) -> None:
    async with over_ssh(node=lodge.server.host()) as shell:
        answer = await shell.run("other", TRUE)
    assert isinstance(answer, NotRun)
    assert answer.reason.code == "shell.unknown-node"


async def test_what_is_run_is_reported_and_a_rehearsal_shows_the_same_and_runs_nothing(lodge: Lodge) -> None:
    road = SshTransport({"node": lodge.server.host()})
    mark = lodge.folder / "mark"
    told: list[Finding] = []
    dry = Rehearsal(road, log=told.append)
    command = ShellCommand(("touch", str(mark)), text="a secret")
    assert await dry.run("node", command) == CommandOutput(0)
    assert not mark.exists()
    wet = Runner(road, log=told.append)
    assert await wet.run("node", command) == CommandOutput(0)
    await wet.close()
    assert mark.exists()
    assert [finding.code for finding in told] == ["shell.would-run", "shell.runs"]
    assert told[0].values["command"] == told[1].values["command"]
    assert shlex.split(told[1].values["command"])[-1].endswith(shlex.join(command.argv))
    shown = str(told)
    assert str(lodge.keys.user) in shown
    assert "a secret" not in shown
    assert lodge.keys.user.read_text().splitlines()[1] not in shown


hostile = st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=1, max_size=20)
WORST = [
    "",
    "-n",
    "$(reboot)",
    "`id`",
    "a b",
    "'",
    '"',
    "\\",
    "\n",
    "!x",
    "*",
    "~root",
    "A=1",
    ";",
    "#",
    "\x7f\x01",
    "한",
]


@pytest.mark.slow
@given(hostile)
@example(WORST)
def test_any_words_pass_a_login_shell_unchanged(words: list[str]) -> None:
    command = shlex.join(("printf", "%s\\0", *words))
    said = subprocess.run(["sh", "-c", command], capture_output=True, check=True).stdout
    assert said.decode() == "".join(f"{word}\0" for word in words)


@pytest.mark.slow
def test_any_words_arrive_over_ssh_unchanged(lodge: Lodge) -> None:
    with asyncio.Runner() as loop:
        shell = Runner(SshTransport({"node": lodge.server.host()}), log=lambda finding: None)

        @given(hostile)
        @example(WORST)
        def arrives(words: list[str]) -> None:
            answer = loop.run(shell.run("node", ShellCommand(("printf", "%s\\0", *words))))
            assert answer == CommandOutput(0, "".join(f"{word}\0" for word in words))

        try:
            arrives()
        finally:
            loop.run(shell.close())


def _at_sixteen(lodge: Lodge, block: int) -> Sshd:
    """As many addresses as one sshd takes."""
    first, *others = (f"127.0.{block}.{number}" for number in range(1, 17))
    return Sshd(lodge.keys, lodge.folder / f"block-{block}", first, free_port(), tuple(others))


class _Configured(SshTransport):
    """ssh with a configuration of its own, as a user's."""

    def __init__(self, road: SshTransport, config: Path) -> None:
        super().__init__(road._hosts)
        self._config = config

    def _ssh(self, node: str) -> tuple[str, ...]:
        ssh, *options = super()._ssh(node)
        return (ssh, "-F", str(self._config), *options)


def running(part: str) -> list[str]:
    """Process and command line of everything with this in it."""
    return subprocess.run(["pgrep", "-af", part], capture_output=True, text=True, check=False).stdout.splitlines()


def of_ours(part: str) -> list[str]:
    """Of these, the ones that are ssh."""
    return [line for line in running(part) if line.split()[1] == "ssh"]


async def _until(holds: object) -> None:
    assert callable(holds)
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 - another program's doing is no event of ours
            await asyncio.sleep(0.05)
