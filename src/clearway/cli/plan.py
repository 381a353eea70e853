"""`clearway plan`: what would run, from the same plan that `run` follows."""

from __future__ import annotations

import asyncio

from clearway.cli.flags import JsonFlag, Lang, ProviderFlags, SiteFlags, SpecFile, SpecFlags, chosen_language


def plan(
    spec: SpecFile = None,
    *,
    site_flags: SiteFlags = SiteFlags(),
    spec_flags: SpecFlags = SpecFlags(),
    json: JsonFlag = False,
    lang: Lang = None,
) -> int:
    """Show pairs, rounds, traffic and time; nothing is started."""
    from clearway.cli.sites import selected_site
    from clearway.plan.forecast import forecast
    from clearway.plan.model import wanted_nodes
    from clearway.plan.schedule import make_plan
    from clearway.report.forecast import render_forecast

    language = chosen_language(lang)
    wanted = spec_flags.spec(spec, site_flags).with_seed()
    site = selected_site(site_flags, ProviderFlags(), wanted.machine_label, language).site
    inventory = wanted_nodes(wanted, asyncio.run(site.inspect()))
    planned = make_plan(wanted, inventory)
    print(render_forecast(wanted, planned, forecast(planned, wanted, inventory), language, as_json=json), end="")
    return 0 if planned.rounds else 3
