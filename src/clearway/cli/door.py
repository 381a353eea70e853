"""How `clusterloader2` meets the world: the cluster, the terminal, the signals."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from clearway.base.errors import ClearwayError, SiteError
from clearway.campaign.acceptance import cancel_on_signals
from clearway.chaos.killer import KillerTools
from clearway.chaos.monkey import ChaosEvents
from clearway.cl2.command import Cl2Command, Cl2Context, Prepared
from clearway.cl2.measurements.base import CampaignTarget, ChaosTools
from clearway.cl2.options import Options
from clearway.cl2.outcome import TestResult, exit_code
from clearway.cl2.rendering import TemplateEngine
from clearway.cl2.settings import Settings
from clearway.cli.chaos import NodeBreaker
from clearway.cli.dry_run import show_dry_run
from clearway.cli.log import LOGGER, file_log
from clearway.cli.sites import CLUSTER_FILE, finding_log
from clearway.ledger import files
from clearway.ledger.write import Listener
from clearway.plan.model import Plan
from clearway.probe.records import Finding, Node, Severity
from clearway.report.language import Language
from clearway.report.progress import Progress
from clearway.report.wording import describe_error
from clearway.site.kubernetes.node_shell import kernel_shell
from clearway.site.kubernetes.options import KubernetesOptions, dump_options
from clearway.site.kubernetes.site import KubernetesSite
from clearway.spec.model import Spec
from clearway.watch.cluster import cluster_watchers


def enter(options: Options, engine: TemplateEngine, language: Language) -> int:
    """Compile every test, then run them all, or say what would be run; returns the exit code."""
    runs = options.report_dir or Path("clearway-runs") / time.strftime("%Y%m%d-%H%M%S")
    world = _world(options, engine, language)
    door = Cl2Command(options, world, lambda: _count_nodes(options, world), runs)
    prepared = door.prepare()
    if options.dry_run:
        door.dump(prepared)
        show_dry_run(prepared, options, language)
        return 0
    with ExitStack() as stack:
        if options.report_dir is not None:
            options.report_dir.mkdir(parents=True, exist_ok=True)
            stack.enter_context(file_log(options.report_dir / files.LOG))
        return exit_code(asyncio.run(_in_order(door, prepared)))


async def _in_order(door: Cl2Command, prepared: tuple[Prepared, ...]) -> Sequence[TestResult]:
    cancel_on_signals()
    return await door.run(prepared)


def _world(options: Options, engine: TemplateEngine, language: Language) -> Cl2Context:
    log, broken, chronicle = finding_log(language), set[str](), ChaosEvents()

    def grounds(settings: Settings) -> CampaignTarget:
        cluster = settings.employed(options.cluster)
        site = KubernetesSite(cluster, log=log)
        shell = kernel_shell(cluster, options.node_access, log)
        watchers = (*cluster_watchers(cluster, shell, broken), chronicle)
        return CampaignTarget(site, {CLUSTER_FILE: dump_options(cluster)}, watchers)

    def complain(error: ClearwayError) -> None:
        LOGGER.error("%s", describe_error(error, language))

    return Cl2Context(
        engine=engine,
        environ=os.environ,
        site=lambda: KubernetesSite(options.cluster, log=log),
        grounds=grounds,
        display=_Lines(language),
        log=log,
        say=lambda text: print(text, end="", flush=True),
        complain=complain,
        language=language,
        chaos=_havoc(options, broken, chronicle, log),
    )


def _havoc(
    options: Options, broken: set[str], chronicle: ChaosEvents, log: Callable[[Finding], None]
) -> ChaosTools | None:
    """How nodes are broken; None where they may not be, or nobody knows how."""
    cluster, node_access = options.cluster, options.node_access
    if not options.allow_chaos or node_access is None:
        return None
    breaker = NodeBreaker(cluster, node_access, broken, log)

    async def tools(folder: Path) -> KillerTools:
        _name_cluster(folder, cluster)
        return await breaker.tools(folder)

    async def nodes() -> Sequence[Node]:
        return (await KubernetesSite(cluster, log=log).inspect()).nodes

    return ChaosTools(tools, nodes, chronicle)


def _name_cluster(folder: Path, cluster: KubernetesOptions) -> None:
    """Beside the journal stands which cluster it is about: whoever puts back later has to know."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CLUSTER_FILE).write_text(dump_options(cluster), encoding="utf-8")


class _Lines:
    """Progress as plain lines: several campaigns may be under way at once."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def expect(self, plan: Plan, spec: Spec) -> Listener:
        progress = Progress(self._language, stream=sys.stderr)
        progress.expect(plan.rounds, spec.gap)
        return progress.take


def _count_nodes(options: Options, world: Cl2Context) -> int:
    """How many nodes can be measured. A dry run does without a cluster, and says so."""
    try:
        return len(asyncio.run(world.site().inspect()).nodes)
    except SiteError:
        if not options.dry_run:
            raise
        world.log(Finding("door.nodes-unknown", Severity.WARNING))
        return 1
