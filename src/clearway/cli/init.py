"""`clearway init`: a spec to start from, or limits made from what a run measured."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def init(
    *,
    from_: Annotated[Path | None, Parameter(name="--from", help="Run directory to take limits from.")] = None,
    margin: Annotated[str, Parameter(help="How far the limits stay away from the measured figures.")] = "10 %",
) -> int:
    """Print a commented spec; with --from, a limits file for `clearway judge --limits`."""
    if from_ is None:
        from clearway.spec.starter import init_text

        print(init_text(), end="")
        return 0
    from clearway.base.quantity_text import parse_ratio
    from clearway.ledger.read import read_run
    from clearway.verdict.propose import limits_text

    print(limits_text(read_run(from_), parse_ratio(margin)), end="")
    return 0
