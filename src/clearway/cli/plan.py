"""`clearway plan`: what would run, from the same plan that `run` follows."""

from __future__ import annotations

import asyncio

from clearway.cli.options import JsonFlag, Lang, SpecFile, language
from clearway.cli.wanted import NO_SITE, UNCHANGED, OnSite, WithChanges, wanted_spec


def plan(
    spec: SpecFile = None,
    *,
    where: OnSite = NO_SITE,
    changes: WithChanges = UNCHANGED,
    json: JsonFlag = False,
    lang: Lang = None,
) -> int:
    """Show pairs, rounds, traffic and time; nothing is started."""
    from clearway.cli.sites import wanted_site
    from clearway.plan.forecast import forecast
    from clearway.plan.schedule import make_plan
    from clearway.report.forecast import render_forecast

    wish, spoken = wanted_spec(spec, changes, where), language(lang)
    place = wanted_site(where, None, wish.machine_label, spoken)
    inventory = asyncio.run(place.site.inspect())
    planned = make_plan(wish, inventory)
    print(render_forecast(wish, planned, forecast(planned, wish, inventory), spoken, as_json=json), end="")
    return 0 if planned.rounds else 3
