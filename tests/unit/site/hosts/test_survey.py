"""What keeps a host from being measured is found before anything is started, with what to do about it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from clearway.base.units import Rate
from clearway.probe.records import Finding, Inventory, Reason, Severity, Slot, Worker
from clearway.report.wording import describe_finding
from clearway.shell.base import Answer, CommandOutput, NotRun, ShellCommand
from clearway.shell.ssh import SshTransport
from clearway.site.base import NotFit
from clearway.site.hosts.model import HostsSpec
from clearway.site.hosts.seed import TOO_OLD
from clearway.site.hosts.site import HostsSite
from clearway.worker.host import SURVEY, Survey

HOSTS = HostsSpec.model_validate(
    {"version": 1, "hosts": [{"name": "a", "address": "192.0.2.1"}, {"name": "b", "address": "192.0.2.2", "zone": "z"}]}
)
FACTS = {"kernel": "6.1", "python": "3.11.2", "cpus": "8", "link-speed": "25000", "qdisc": "fq"}


def survey(name: str) -> Survey:
    worker = Worker(Slot(name), ("192.0.2.1",), 9000, (20_000,), {"iperf": "2.1.8"}, FACTS, "host")
    return Survey(1000.0, (), worker, (), machine="the template's", kernel=f"boot of {name}", network="net:[1]")


def told(found: Survey, before: str = "") -> CommandOutput:
    return CommandOutput(0, before + json.dumps(SURVEY.encode(found)) + "\n")


class Answers:
    """A Shell of answers made beforehand."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self._answers = answers
        self.closed = False

    async def run(self, node: str, command: ShellCommand) -> Answer:
        assert command.text, "the agent comes on its input"
        return self._answers[node]

    async def close(self) -> None:
        self.closed = True


async def inspected(a: Answer, b: Answer | None = None, hosts: HostsSpec = HOSTS) -> tuple[Inventory, list[Finding]]:
    log: list[Finding] = []
    shell = Answers({"a": a, "b": b or told(survey("b"))})
    try:
        return await HostsSite(hosts, SshTransport({}), shell, log=log.append).inspect(), log
    finally:
        assert shell.closed


async def refused(a: Answer, b: Answer | None = None) -> list[Finding]:
    with pytest.raises(NotFit) as caught:
        await inspected(a, b)
    return list(caught.value.findings)


async def test_hosts_are_nodes_with_what_lasts_of_what_they_said() -> None:
    inventory, log = await inspected(told(survey("a")))
    assert log == []
    assert (inventory.site, inventory.versions) == ("hosts", {"kernel": "6.1"})
    first, second = inventory.nodes
    assert (first.name, first.zone, first.machine, first.link) == ("a", None, None, Rate(25e9))
    assert second.zone == "z"
    assert first.facts == {
        **{name: FACTS[name] for name in ("kernel", "python", "cpus", "link-speed")},
        "mtu": "9000",
        "machine-id": "the template's",
    }


@pytest.mark.parametrize(
    ("answer", "code", "advice"),
    [
        (
            NotRun(Reason("shell.no-connection", {"node": "a", "address": "192.0.2.1"})),
            "shell.no-connection",
            "firewall",
        ),
        (CommandOutput(127, "", "sh: 1: python3: not found"), "hosts.no-python", "apt-get install python3"),
        (CommandOutput(TOO_OLD, "", "3.6.8"), "hosts.python-too-old", "`python` in the hosts file"),
        (
            CommandOutput(1, "", "ModuleNotFoundError: No module named 'ctypes'"),
            "hosts.agent-fails",
            "whole standard library",
        ),
        (told(survey("a"), "Welcome to a!\n"), "hosts.says-more", "terminal"),
        (told(Survey(1000.0, ("ip",))), "preflight.tool-missing", "apt-get install iproute2"),
        (told(replace(survey("a"), absent=("198.51.100.9",))), "hosts.address-absent", "`data-addresses`"),
    ],
)
async def test_what_is_in_the_way_is_named_with_what_to_do(answer: Answer, code: str, advice: str) -> None:
    (finding,) = await refused(answer)
    assert (finding.code, finding.severity, finding.subject) == (code, Severity.ERROR, "a")
    said = describe_finding(finding, "en")
    assert "hint:" in said
    assert advice in said


async def test_all_hosts_are_asked_before_anything_is_said() -> None:
    found = await refused(CommandOutput(127), CommandOutput(TOO_OLD, "", "3.8.1"))
    assert [(finding.subject, finding.code) for finding in found] == [
        ("a", "hosts.no-python"),
        ("b", "hosts.python-too-old"),
    ]


async def test_a_host_that_is_there_twice_is_found_by_its_running_kernel() -> None:
    (finding,) = await refused(told(survey("a")), told(replace(survey("b"), kernel="boot of a")))
    assert (finding.code, finding.subject) == ("hosts.same-host", "a, b")


async def test_hosts_that_share_a_machine_are_measured_with_a_warning_unless_their_machines_are_named() -> None:
    other_network = replace(survey("b"), kernel="boot of a", network="net:[2]")
    _, log = await inspected(told(survey("a")), told(other_network))
    assert [(finding.code, finding.severity) for finding in log] == [("hosts.shared-machine", Severity.WARNING)]
    named = HOSTS.model_copy(
        update={"hosts": tuple(host.model_copy(update={"machine": host.name}) for host in HOSTS.hosts)}
    )
    _, log = await inspected(told(survey("a")), told(other_network), named)
    assert log == []
