"""`clearway run`: the acceptance test."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from clearway.base.errors import UsageError
from clearway.cli.options import AllowChaos, JsonFlag, Lang, SpecFile, language
from clearway.cli.provider import NO_PROVIDER, HowNodes
from clearway.cli.wanted import NO_SITE, UNCHANGED, OnSite, WithChanges, wanted_spec


def run(
    spec: SpecFile = None,
    *,
    where: OnSite = NO_SITE,
    changes: WithChanges = UNCHANGED,
    allow_chaos: AllowChaos = False,
    nodes: HowNodes = NO_PROVIDER,
    report_dir: Annotated[Path | None, Parameter(help="Run directory; left out: clearway-runs/<time>.")] = None,
    resume: Annotated[Path | None, Parameter(help="Run directory of a run that ended early: measure the rest.")] = None,
    json: JsonFlag = False,
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], negative="", help="No progress on stderr.")] = False,
    verbose: Annotated[bool, Parameter(name=["--verbose", "-v"], negative="", help="More log on stderr.")] = False,
    lang: Lang = None,
) -> int:
    """Measure the network, judge it, and write the reports."""
    from clearway.cli.chaos import permitted
    from clearway.cli.conclude import show
    from clearway.cli.log import stderr_log
    from clearway.cli.session import session
    from clearway.cli.sites import recorded_site, wanted_site
    from clearway.ledger.read import read_run
    from clearway.ledger.write import Ledger
    from clearway.report.progress import Progress
    from clearway.verdict.judge import judge

    if resume is not None and (spec is not None or changes != UNCHANGED):
        raise UsageError("cli.resume-with-spec", folder=str(resume))
    spoken, node_access = language(lang), nodes.node_access()
    wish = wanted_spec(spec, changes, where) if resume is None else None
    folder = resume or report_dir or Path("clearway-runs") / time.strftime("%Y%m%d-%H%M%S")
    if wish is None:
        place = recorded_site(folder, spoken, node_access)
    else:
        place = wanted_site(where, node_access, wish.machine_label, spoken)
    place = permitted(wish or read_run(folder).spec, place, nodes, allowed=allow_chaos)
    with stderr_log(verbose=verbose), Progress(spoken, quiet=quiet) as progress:

        def conclude() -> int:
            progress.finish()
            record = read_run(folder)
            return show(record, judge(record), Ledger(folder), spoken, as_json=json)

        return asyncio.run(session(wish, place, folder, progress, conclude))
