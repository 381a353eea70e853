"""Describes the hosts before anything is started there, and finds what prevents a run."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass

from clearway.base.units import Duration, Rate
from clearway.probe.codec import CodecError
from clearway.probe.json_values import parsed
from clearway.probe.records import Finding, Node, Severity, Slot
from clearway.shell.base import CommandOutput, NotRun, Shell, ShellCommand
from clearway.site.hosts.agents import command
from clearway.site.hosts.model import Host
from clearway.site.hosts.program import first_lines
from clearway.site.hosts.seed import OLDEST, TOO_OLD
from clearway.worker.host import NEEDED, SURVEY, Survey

_WITHIN = Duration(60)
"""A login, the transfer of the agent and a start of Python, over a slow connection."""
_NO_COMMAND = (126, 127)
"""Exits of a shell: the command was found but may not be run, or was not found."""
_LASTING = ("kernel", "python", "cpus", "device", "link-speed", "mtu", "machine-id")
_QUOTED = 400
"""Characters kept of a host's output."""


@dataclass(frozen=True)
class Surveyed:
    """A host and its survey; None if there is none, and then `findings` say why."""

    host: Host
    survey: Survey | None
    findings: tuple[Finding, ...] = ()

    def node(self) -> Node:
        """For the plan: only facts that stay the same until a run may be resumed."""
        facts = self._facts()
        speed = facts.get("link-speed")
        link = self.host.link or (None if speed is None else Rate(float(speed) * 1e6))
        return Node(self.host.name, zone=self.host.zone, machine=self.host.machine, link=link, facts=facts)

    def _facts(self) -> dict[str, str]:
        if self.survey is None or self.survey.worker is None:
            return {}
        worker = self.survey.worker
        facts = {**worker.facts, "mtu": str(worker.mtu), "machine-id": self.survey.machine}
        return {name: value for name in _LASTING if (value := facts.get(name)) is not None}


async def survey_all(shell: Shell, hosts: Sequence[Host]) -> tuple[Surveyed, ...]:
    """Survey all hosts at once; never raises for a problem of one of them."""
    return tuple(await asyncio.gather(*(_survey(shell, host) for host in hosts)))


def all_findings(surveyed: Sequence[Surveyed]) -> Iterator[Finding]:
    """Problems of single hosts, then problems of several hosts together."""
    for one in surveyed:
        yield from one.findings
    yield from _same_twice(surveyed)


async def _survey(shell: Shell, host: Host) -> Surveyed:
    asked = ShellCommand(command(host, Slot(host.name), task="survey"), first_lines(), _WITHIN)
    answer = await shell.run(host.name, asked)
    if isinstance(answer, NotRun):
        return Surveyed(host, None, (Finding(answer.reason.code, Severity.ERROR, host.name, answer.reason.values),))
    return _read(host, answer)


def _read(host: Host, output: CommandOutput) -> Surveyed:
    if (obstacle := _obstacle(host, output)) is not None:
        return Surveyed(host, None, (obstacle,))
    try:
        survey = SURVEY.decode(parsed(output.stdout))
    except CodecError:
        values = {"stdout": output.stdout.strip()[:_QUOTED]}
        return Surveyed(host, None, (Finding("hosts.says-more", Severity.ERROR, host.name, values),))
    return Surveyed(host, survey, tuple(_shortcomings(host, survey)))


def _obstacle(host: Host, output: CommandOutput) -> Finding | None:
    """Why the agent can't run there at all."""
    words = output.stderr.strip()[-_QUOTED:]
    if output.exit == 0:
        return None
    if output.exit == TOO_OLD:
        values = {"python": host.interpreter, "found": words, "oldest": ".".join(map(str, OLDEST))}
        return Finding("hosts.python-too-old", Severity.ERROR, host.name, values)
    if output.exit in _NO_COMMAND:
        return Finding("hosts.no-python", Severity.ERROR, host.name, {"python": host.interpreter, "stderr": words})
    return Finding("hosts.agent-fails", Severity.ERROR, host.name, {"status": output.exit, "stderr": words})


def _shortcomings(host: Host, survey: Survey) -> Iterator[Finding]:
    for program in survey.lacking:
        values = {"tool": program, "package": NEEDED[program]}
        yield Finding("preflight.tool-missing", Severity.ERROR, host.name, values)
    if survey.worker is None:
        return
    for address in survey.absent:
        yield Finding("hosts.address-absent", Severity.ERROR, host.name, {"address": address})
    if not survey.worker.addresses:
        yield Finding("hosts.no-address", Severity.ERROR, host.name)


def _same_twice(surveyed: Sequence[Surveyed]) -> Iterator[Finding]:
    """Finds hosts with the same kernel by its boot ID: the machine ID is equal on clones of one template."""
    kernels: dict[Hashable, list[Surveyed]] = defaultdict(list)
    networks: dict[Hashable, list[Surveyed]] = defaultdict(list)
    for one in surveyed:
        if one.survey is not None and one.survey.kernel is not None:
            kernels[one.survey.kernel].append(one)
            networks[one.survey.kernel, one.survey.network].append(one)
    for same in networks.values():
        if len(same) > 1:
            yield Finding("hosts.same-host", Severity.ERROR, _names(same))
    for sharing in kernels.values():
        if len(sharing) > 1 and any(one.host.machine is None for one in sharing):
            yield Finding("hosts.shared-machine", Severity.WARNING, _names(sharing))


def _names(surveyed: Collection[Surveyed]) -> str:
    return ", ".join(one.host.name for one in surveyed)
