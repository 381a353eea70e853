"""`clearway plan`: what would run, from the same plan that `run` follows."""

from __future__ import annotations

import asyncio

from clearway.cli.cluster import NO_CLUSTER, HowCluster
from clearway.cli.options import (
    HostsFile,
    Json,
    LabFile,
    LabFlag,
    Lang,
    MaxRate,
    Profile,
    Sets,
    SpecFile,
    language,
    wanted_spec,
)


def plan(
    spec: SpecFile = None,
    *,
    lab: LabFlag = False,
    lab_file: LabFile = None,
    hosts: HostsFile = None,
    cluster: HowCluster = NO_CLUSTER,
    profile: Profile = None,
    sets: Sets = (),
    max_rate: MaxRate = None,
    json: Json = False,
    lang: Lang = None,
) -> int:
    """Show pairs, rounds, traffic and time; nothing is started."""
    from clearway.cli.sites import Named, wanted_site
    from clearway.plan.forecast import forecast
    from clearway.plan.schedule import make_plan
    from clearway.report.forecast import render_forecast

    named, spoken = Named(lab, lab_file, hosts, cluster), language(lang)
    wish = wanted_spec(spec, profile, sets, max_rate, "lab" if named.is_lab else "standard")
    place = wanted_site(named, wish.machine_label, spoken)
    inventory = asyncio.run(place.site.inspect())
    planned = make_plan(wish, inventory)
    print(render_forecast(wish, planned, forecast(planned, wish, inventory), spoken, as_json=json), end="")
    return 0 if planned.rounds else 3
