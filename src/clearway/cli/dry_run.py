"""What `clusterloader2 --dry-run` shows: every test in words, and the commands that would go to nodes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence

from clearway.base.errors import SiteError
from clearway.chaos import bomb
from clearway.chaos.kinds import failures
from clearway.chaos.monkey import ChaosRequest, failure_request_of, schedule
from clearway.cl2.forecast import forecast
from clearway.cl2.measurements.chaos import SEED, ChaosStartParameters, chaos_request_of
from clearway.cl2.options import Options
from clearway.cl2.prepare import Prepared
from clearway.probe.records import Finding, Severity
from clearway.report.wording import Language, sentence
from clearway.shell.base import NotRun
from clearway.shell.node_access import NodeAccess
from clearway.site.kubernetes.node_shell import node_shell
from clearway.site.kubernetes.nodes import described

_BOMB = "clearway-chaos"


def show_dry_run(tests: Sequence[Prepared], options: Options, language: Language) -> None:
    """On stdout. The nodes that would fail are drawn where a cluster answers."""

    def say(finding: Finding) -> None:
        print(f"  {sentence(finding.code, {'subject': finding.subject, **finding.values}, language)}")

    for test in tests:
        print(forecast(test, options.settings, language))
        calls = (*test.first, *(call for step in test.compiled.steps for call in step.calls))
        requests = [chaos_request_of(call.params) for call in calls if isinstance(call.params, ChaosStartParameters)]
        if requests and options.node_access is not None:
            asyncio.run(_rehearse(requests, options, options.node_access, say))


async def _rehearse(
    requests: Iterable[ChaosRequest], options: Options, node_access: NodeAccess, say: Callable[[Finding], None]
) -> None:
    """The commands for each node that would fail, in the order in which the nodes fail."""
    try:
        shell, views = await node_shell(options.cluster, node_access, say, rehearsed=True)
    except SiteError:
        return  # the user was already warned that the cluster does not answer
    nodes = [described(view, options.cluster.machine_label) for view in views]
    try:
        for request in requests:
            failure = failure_request_of(request)
            commands = bomb.commands_of(_BOMB, failure.fuse, failures(node_access.services)[failure.kind])
            for node in (node for wave in schedule(request, nodes, SEED) for node in wave.nodes):
                for command in commands:
                    if isinstance(answer := await shell.run(node, command), NotRun):
                        say(Finding(answer.reason.code, Severity.WARNING, node, answer.reason.values))
                        break
    finally:
        await shell.close()
