"""What `clusterloader2 --dry-run` shows: every test in words, and the commands that would go to nodes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence

from clearway.base.errors import SiteError
from clearway.chaos import bomb
from clearway.chaos.kinds import failures
from clearway.chaos.monkey import failure_request_of
from clearway.chaos.schedule import ChaosRequest, schedule
from clearway.cl2.command import Prepared
from clearway.cl2.forecast import forecast
from clearway.cl2.measurements.chaos import SEED, ChaosStartParameters, of_the_whole_test, wish_of
from clearway.cl2.options import Options
from clearway.probe.records import Finding, Severity
from clearway.report.language import Language
from clearway.report.wording import sentence
from clearway.shell.base import NotRun
from clearway.shell.node_access import NodeAccess
from clearway.site.kubernetes.node_shell import node_shell
from clearway.site.kubernetes.nodes import described

_BOMB = "clearway-chaos"


def show_dry_run(tests: Sequence[Prepared], options: Options, language: Language) -> None:
    """On stdout. Nodes are drawn as they would be, where a cluster answers that has any."""

    def say(finding: Finding) -> None:
        print(f"  {sentence(finding.code, {'subject': finding.subject, **finding.values}, language)}")

    for test in tests:
        print(forecast(test, options.settings, language))
        wishes = [wish_of(asked) for asked in _broken_by(test)]
        if wishes and options.node_access is not None:
            asyncio.run(_rehearse(wishes, options, options.node_access, say))


def _broken_by(test: Prepared) -> Iterator[ChaosStartParameters]:
    steps = (call for step in test.compiled.steps for call in step.calls)
    for call in (*of_the_whole_test(test.compiled.config, test.config), *steps):
        if isinstance(call.params, ChaosStartParameters):
            yield call.params


async def _rehearse(
    wishes: Iterable[ChaosRequest], options: Options, node_access: NodeAccess, say: Callable[[Finding], None]
) -> None:
    """The commands for each node that would fail, in the order of their failing."""
    try:
        shell, views = await node_shell(options.cluster, node_access, say, rehearsed=True)
    except SiteError:
        return  # that nothing is known of nodes has been said
    nodes = [described(view, options.cluster.machine_label) for view in views]
    try:
        for wish in wishes:
            failure = failure_request_of(wish)
            commands = bomb.commands_of(_BOMB, failure.fuse, failures(node_access.services)[failure.kind])
            for node in (node for wave in schedule(wish, nodes, SEED) for node in wave.nodes):
                for command in commands:
                    if isinstance(answer := await shell.run(node, command), NotRun):
                        say(Finding(answer.reason.code, Severity.WARNING, node, answer.reason.values))
                        break
    finally:
        await shell.close()
