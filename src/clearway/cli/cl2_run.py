"""One call of `clusterloader2`: the cluster, the terminal and the signals that its tests work with."""

from __future__ import annotations

import asyncio
import sys
from contextlib import ExitStack

from clearway.base.errors import ClearwayError
from clearway.chaos.killer import KillerTools
from clearway.chaos.monkey import ChaosEvents
from clearway.cl2.command import Cl2Command
from clearway.cl2.context import Context
from clearway.cl2.options import Options
from clearway.cl2.outcome import exit_code
from clearway.cl2.prepare import Preparation
from clearway.cli.chaos import NodeBreaker
from clearway.cli.dry_run import show_dry_run
from clearway.cli.log import LOGGER, file_log
from clearway.cli.sites import finding_log
from clearway.ledger import files
from clearway.ledger.disk import make_folder, write_whole
from clearway.ledger.write import Listener
from clearway.plan.model import Plan
from clearway.report.progress import Progress
from clearway.report.wording import Language, describe_error
from clearway.site.base import Watcher
from clearway.site.kubernetes.node_shell import kernel_shell
from clearway.site.kubernetes.options import KubernetesOptions, dump_options
from clearway.site.kubernetes.site import KubernetesSite
from clearway.spec.model import Spec
from clearway.watch.cluster import cluster_watchers


def run_tests(options: Options, language: Language) -> int:
    """Compile every test, then run them all, or say what would be run; returns the exit code."""
    context = _context(options, language)
    prepared = Preparation(context).tests()
    command = Cl2Command(context)
    if options.dry_run:
        command.dump(prepared)
        show_dry_run(prepared, options, language)
        return 0
    with ExitStack() as stack:
        if options.report_dir is not None:
            make_folder(options.report_dir)
            stack.enter_context(file_log(options.report_dir / files.LOG))
        return exit_code(asyncio.run(command.run(prepared)))


def _context(options: Options, language: Language) -> Context:
    console, broken, events = Cl2Console(language), set[str](), ChaosEvents()

    def watchers(cluster: KubernetesOptions) -> tuple[Watcher, ...]:
        shell = kernel_shell(cluster, options.node_access, console.log)
        return (*cluster_watchers(cluster, shell, broken), events)

    async def killer_tools() -> KillerTools:
        assert options.node_access is not None
        # Beside the journal of broken nodes, so that `clearway revive` finds the cluster.
        make_folder(options.runs)
        write_whole(options.runs / files.CLUSTER, dump_options(options.cluster))
        return await NodeBreaker(options.cluster, options.node_access, broken, console.log).tools(options.runs)

    return Context(
        options=options,
        console=console,
        site=lambda cluster: KubernetesSite(cluster, log=console.log),
        watchers=watchers,
        killer_tools=killer_tools if options.allow_chaos and options.node_access is not None else None,
        chaos_events=events,
    )


class Cl2Console:
    """Findings and errors on stderr, results on stdout. Progress is plain lines: several campaigns may run at once."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.log = finding_log(language)

    def error(self, error: ClearwayError) -> None:
        LOGGER.error("%s", describe_error(error, self.language))

    def write(self, text: str) -> None:
        print(text, end="", flush=True)

    def progress(self, plan: Plan, spec: Spec) -> Listener:
        progress = Progress(self.language, stream=sys.stderr)
        progress.expect(plan.rounds, spec.gap)
        return progress.take
