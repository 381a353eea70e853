"""The places that are suspected to be at fault, worded: what they carry, what the rest does, what is ruled out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from clearway.probe.metrics import METRICS
from clearway.report.document import SuspectPart
from clearway.report.phrases import Phrases, rounded
from clearway.verdict.suspect import Confirmation, Place, PlaceSign, Retest, Suspect

_SIGNS = 2
"""Figures that a sentence has; JSON has them all."""
_RAREST = 9
"""Exponent of the largest number of runs that is said: what is rarer is not known so exactly."""


def suspect_parts(suspects: Iterable[Suspect], phrases: Phrases) -> Iterator[SuspectPart]:
    for one in suspects:
        sentence = " ".join((_seen(one, phrases), _confirmation(one, phrases), *_cause(one, phrases)))
        yield SuspectPart(
            place=one.place,
            signs=one.signs,
            sound=one.sound,
            alike=one.alike,
            retests=one.retests,
            confirmation=one.standing,
            causes=one.causes,
            sentence=sentence,
        )


def _cause(suspect: Suspect, phrases: Phrases) -> Iterator[str]:
    """The likely one with its remedy. What was seen once and is gone has none."""
    if suspect.standing is not Confirmation.GONE:
        yield phrases.reason(suspect.causes[0]) if suspect.causes else phrases.say("suspect.unexplained")


def _confirmation(suspect: Suspect, phrases: Phrases) -> str:
    """What measuring it again showed: of several roads the one that was bad, if there is one."""
    shown = [one for one in suspect.retests if one.value is not None and one.bad_again is not None]
    alone = sorted((one for one in shown if one.alone), key=lambda one: not one.bad_again)
    company = sorted((one for one in shown if not one.alone), key=lambda one: not one.bad_again)
    values = {
        "alone": tuple(_retest(suspect, one, phrases) for one in alone[:1]),
        "company": tuple(_retest(suspect, one, phrases) for one in company[:1]),
    }
    return phrases.say(f"suspect.{suspect.standing.value}", **values)


def _retest(suspect: Suspect, retest: Retest, phrases: Phrases) -> str:
    assert retest.value is not None
    value = rounded(suspect.signs[0].metric, retest.value)
    return phrases.say("suspect.road", sender=retest.sender, receiver=retest.receiver, value=value)


def _seen(suspect: Suspect, phrases: Phrases) -> str:
    return phrases.say(
        "suspect.named",
        place=place_text(suspect.place, phrases),
        signs="; ".join(_sign(sign, phrases) for sign in suspect.signs[:_SIGNS]),
        sound=tuple(place_text(place, phrases) for place in suspect.sound),
        alike=tuple(place_text(place, phrases) for place in suspect.alike),
        runs=_runs(min(sign.chance.si for sign in suspect.signs)),
    )


def place_text(place: Place, phrases: Phrases) -> str:
    """A place by its name: `what node-3 sends`."""
    names = {"name": place.names[0], "sender": place.names[0], "receiver": place.names[-1]}
    return phrases.say(f"place.{place.kind.value}", **names)


def _sign(sign: PlaceSign, phrases: Phrases) -> str:
    return phrases.say(
        "suspect.sign",
        test=sign.test,
        measure=phrases.measure(METRICS[sign.metric], sign.statistic),
        value=rounded(sign.metric, sign.value),
        elsewhere=rounded(sign.metric, sign.elsewhere),
        pairs=sign.pairs,
        others=sign.others,
    )


def _runs(chance: float) -> str:
    """In how many runs, a power of ten, noise alone shows less than one such place."""
    exponent = _RAREST if chance <= 0 else min(_RAREST, math.floor(-math.log10(chance)))
    return f"{10**exponent:,}"
