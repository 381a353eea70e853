"""How `clusterloader2` meets the world: the cluster, the terminal, the signals."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from clearway.base.errors import ClearwayError, SiteError
from clearway.cl2.door import Door, Prepared, World
from clearway.cl2.forecast import forecast
from clearway.cl2.measurements.base import Ground
from clearway.cl2.options import Options
from clearway.cl2.outcome import TestResult, exit_code
from clearway.cl2.rendering import Engine
from clearway.cl2.settings import Settings
from clearway.cli.log import LOGGER, file_log
from clearway.cli.session import end_in_order_on_signals
from clearway.cli.sites import CLUSTER_FILE, finding_log
from clearway.ledger import files
from clearway.ledger.write import Listener
from clearway.plan.model import Plan
from clearway.probe.records import Finding, Severity
from clearway.report.language import Language
from clearway.report.progress import Progress
from clearway.report.wording import describe_error
from clearway.site.kubernetes.options import dump_options
from clearway.site.kubernetes.reaching import kernel_log_shell
from clearway.site.kubernetes.site import KubernetesSite
from clearway.spec.model import Spec
from clearway.watch.cluster import cluster_watchers


def enter(options: Options, engine: Engine, language: Language) -> int:
    """Compile every test, then run them all, or say what would be run; returns the exit code."""
    runs = options.report_dir or Path("clearway-runs") / time.strftime("%Y%m%d-%H%M%S")
    world = _world(options, engine, language)
    door = Door(options, world, lambda: _count_nodes(options, world), runs)
    prepared = door.prepare()
    if options.dry_run:
        door.dump(prepared)
        for test in prepared:
            print(forecast(test, options.settings, language))
        return 0
    with ExitStack() as stack:
        if options.report_dir is not None:
            options.report_dir.mkdir(parents=True, exist_ok=True)
            stack.enter_context(file_log(options.report_dir / files.LOG))
        return exit_code(asyncio.run(_in_order(door, prepared)))


async def _in_order(door: Door, prepared: tuple[Prepared, ...]) -> Sequence[TestResult]:
    end_in_order_on_signals()
    return await door.run(prepared)


def _world(options: Options, engine: Engine, language: Language) -> World:
    log = finding_log(language)

    def grounds(settings: Settings) -> Ground:
        cluster = settings.employed(options.cluster)
        site = KubernetesSite(cluster, log=log)
        shell = kernel_log_shell(cluster, options.reach, log)
        return Ground(site, {CLUSTER_FILE: dump_options(cluster)}, cluster_watchers(cluster, shell))

    def complain(error: ClearwayError) -> None:
        LOGGER.error("%s", describe_error(error, language))

    return World(
        engine=engine,
        environ=os.environ,
        site=lambda: KubernetesSite(options.cluster, log=log),
        grounds=grounds,
        display=_Lines(language),
        log=log,
        say=lambda text: print(text, end="", flush=True),
        complain=complain,
        language=language,
    )


class _Lines:
    """Progress as plain lines: several campaigns may be under way at once."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def expect(self, plan: Plan, spec: Spec) -> Listener:
        progress = Progress(self._language, stream=sys.stderr)
        progress.expect(plan.rounds, spec.gap)
        return progress.take


def _count_nodes(options: Options, world: World) -> int:
    """How many nodes can be measured. A dry run does without a cluster, and says so."""
    try:
        return len(asyncio.run(world.site().inspect()).nodes)
    except SiteError:
        if not options.dry_run:
            raise
        world.log(Finding("door.nodes-unknown", Severity.WARNING))
        return 1
