"""The nodes' own devices, read over a shell before and after: what rose, what is known, and what could not be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from clearway.base.clock import Clock
from clearway.probe.records import Observation, Reason
from clearway.shell.base import Answer, CommandOutput, NotRun, ShellCommand
from clearway.shell.process import run_process
from clearway.site.base import WatchContext
from clearway.watch.devices import HostDevices, parts_of

DEV = """\
Inter-|   Receive                                                |  Transmit
 face |bytes packets errs drop fifo frame compressed multicast|bytes packets errs drop fifo colls carrier compressed
    lo:  100 1 0 0 0 0 0 0 100 1 0 0 0 0 0 0
  eth0: 9000 9 0 {dropped} 0 0 0 0 9000 9 0 0 0 0 0 0
"""
LOOK = "== /proc/net/dev\n" + DEV + "== facts\neth0.driver ice\neth0.mtu 9000\neth0.speed {speed}\nconntrack-max \n"


@dataclass
class Nodes:
    """A shell whose nodes answer in turn what a test says."""

    answers: dict[str, Iterator[Answer]]
    asked: list[str] = field(default_factory=list)

    async def run(self, node: str, command: ShellCommand) -> Answer:
        self.asked.append(node)
        return next(self.answers[node])

    async def close(self) -> None: ...


async def seen(**answers: list[Answer]) -> list[Observation]:
    told: list[Observation] = []
    context = WatchContext(frozenset(answers), Clock(), told.append, lambda reason: None)
    async with HostDevices(Nodes({node: iter(said) for node, said in answers.items()})).watching(context):
        pass
    return told


def look(dropped: int, speed: str = "25000") -> CommandOutput:
    return CommandOutput(0, LOOK.format(dropped=dropped, speed=speed))


async def test_what_rose_between_two_readings_is_reported_with_the_card() -> None:
    devices, losses = await seen(a=[look(7), look(1211)])
    assert (devices.kind, losses.kind) == ("host-devices", "host-losses")
    assert devices.values == {"eth0.driver": "ice", "eth0.mtu": "9000", "eth0.speed": "25000 Mbit/s"}
    assert losses.values == {"eth0.rx-dropped": 1204}


async def test_a_card_without_a_link_has_no_speed() -> None:
    devices, _ = await seen(a=[look(0, "-1"), look(0)])
    assert "eth0.speed" not in devices.values


async def test_a_node_that_cannot_be_asked_is_reported_and_the_others_are_read() -> None:
    lost = NotRun(Reason("shell.no-connection", {"node": "b"}))
    told = await seen(a=[look(0), look(1)], b=[lost], c=[look(0), CommandOutput(1, "", "no shell for you")])
    assert [(one.subject, one.values["cause"]) for one in told if one.kind == "host-not-read"] == [
        ("b", "shell.no-connection"),
        ("c", "no shell for you"),
    ]
    assert [one.subject for one in told if one.kind == "host-losses"] == ["a"]


async def test_the_look_itself_is_understood_by_a_real_shell_on_a_real_kernel() -> None:
    commands: list[ShellCommand] = []

    class Here(Nodes):
        async def run(self, node: str, command: ShellCommand) -> Answer:
            commands.append(command)
            return await run_process(command.argv)

    told: list[Observation] = []
    async with HostDevices(Here({})).watching(
        WatchContext(frozenset({"here"}), Clock(), told.append, lambda reason: None)
    ):
        pass
    assert [one.kind for one in told] == ["host-devices", "host-losses"]
    said = parts_of((await run_process(commands[0].argv)).stdout)
    assert set(said) == {"/proc/net/dev", "/proc/net/softnet_stat", "/proc/net/stat/nf_conntrack", "facts"}
    assert "lo:" in said["/proc/net/dev"]
