"""`clearway cni-cost`: what the pod network costs, from a run on hosts and one on pods."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from clearway.cli.flags import JsonFlag, Lang, chosen_language


def cni_cost(
    hosts: Annotated[Path, Parameter(name="HOSTS-RUN", help="Run directory of a run on plain hosts.")],
    pods: Annotated[Path, Parameter(name="POD-RUN", help="Run directory of a run on the cluster's pods.")],
    /,
    *,
    json: JsonFlag = False,
    lang: Lang = None,
) -> int:
    """Show figures of hosts and of pods side by side, and what the pod network costs in per cent."""
    from clearway.ledger.read import read_run
    from clearway.report.cni_cost import render_cost

    print(render_cost(read_run(hosts), read_run(pods), chosen_language(lang), as_json=json), end="")
    return 0
