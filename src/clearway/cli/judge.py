"""`clearway judge`: the verdict on a run again, without a site."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from clearway.cli.flags import JsonFlag, Lang, RunFolder, chosen_language


def judge(
    folder: RunFolder,
    *,
    limits: Annotated[Path | None, Parameter(help="Other criteria: a limits file, see `clearway init --from`.")] = None,
    json: JsonFlag = False,
    lang: Lang = None,
) -> int:
    """Judge a run again; the new verdict is added, earlier ones stay."""
    from clearway.campaign.conclusion import conclude
    from clearway.cli.conclude import show
    from clearway.ledger.read import read_run
    from clearway.ledger.write import Ledger
    from clearway.spec.limits import load_limits, with_limits

    record = read_run(folder)
    if limits is not None:
        record = replace(record, spec=with_limits(record.spec, load_limits(limits)))
    return show(conclude(record, chosen_language(lang)), Ledger(folder), as_json=json)
