"""`clearway plan`: what would run, from the same plan that `run` follows."""

from __future__ import annotations

import asyncio

from clearway.cli.options import Json, LabFile, LabFlag, Lang, Profile, Sets, SpecFile, language, wanted_spec


def plan(
    spec: SpecFile = None,
    *,
    lab: LabFlag = False,
    lab_file: LabFile = None,
    profile: Profile = None,
    sets: Sets = (),
    json: Json = False,
    lang: Lang = None,
) -> int:
    """Show pairs, rounds, traffic and time; nothing is started."""
    from clearway.cli.sites import wanted_site
    from clearway.plan.forecast import forecast
    from clearway.plan.schedule import make_plan
    from clearway.report.forecast import render_forecast

    wish = wanted_spec(spec, profile, sets, "lab")
    spoken = language(lang)
    place = wanted_site(lab=lab, lab_file=lab_file, language=spoken)
    inventory = asyncio.run(place.site.inspect())
    planned = make_plan(wish, inventory)
    print(render_forecast(wish, planned, forecast(planned, wish, inventory), spoken, as_json=json), end="")
    return 0 if planned.rounds else 3
