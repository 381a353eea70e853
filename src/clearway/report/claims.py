"""The claim on one criterion, in plain words: exactly what was shown."""

from __future__ import annotations

from clearway.pairing.table import PAIRINGS
from clearway.report.phrases import Phrases
from clearway.spec.criteria import LinkShare, Over
from clearway.spec.model import Test
from clearway.verdict.model import CriterionVerdict, PairState, State

_UNTRIED = {"verdict.repeats-missing", "verdict.not-measured"}
"""Reasons that only say that nothing was tried yet."""


def claim(test: Test, judged: CriterionVerdict, phrases: Phrases) -> str:
    """One sentence or two on one criterion of `test`, never saying more than was shown."""
    if judged.state is State.PASS:
        return _met(test, judged, phrases)
    if judged.state is State.FAIL:
        return _not_met(test, judged, phrases)
    return phrases.say(
        "claim.not-known",
        asked=_asked(judged, phrases),
        holds=judged.count(PairState.HOLDS),
        breaks=judged.count(PairState.BREAKS),
        undecided=judged.count(PairState.UNDECIDED),
        pairs=len(judged.pairs),
        kind=_members(test, judged, phrases),
        why=_why(judged, phrases),
    )


def _met(test: Test, judged: CriterionVerdict, phrases: Phrases) -> str:
    assert judged.achieved is not None, "what passed has a value"
    met = phrases.say(
        "claim.met",
        subject=_subject(test, judged, phrases),
        predicate=phrases.claimed(judged.criterion, judged.achieved),
        conditions=phrases.conditions(test),
        limit=_limit(judged, phrases),
    )
    return f"{met} {_worst(judged, phrases)}" if judged.count(PairState.HOLDS) < len(judged.pairs) else met


def _worst(judged: CriterionVerdict, phrases: Phrases) -> str:
    """What a share hides: the worst of the pairs that it leaves out."""
    return phrases.say("claim.left-out", worst=phrases.pair(judged.pairs[0], judged.criterion))


def _limit(judged: CriterionVerdict, phrases: Phrases) -> str:
    """The limit; a share of links that all have one rate also as that rate."""
    criterion = judged.criterion
    limits = {pair.limit for pair in judged.pairs}
    rate = limits.pop() if len(limits) == 1 else None
    if isinstance(criterion.limit, LinkShare):
        if rate is None:
            return phrases.value(criterion.limit)
        return phrases.say("value.of-link-known", share=criterion.limit.share, rate=phrases.value(rate))
    assert judged.achieved is not None, "what passed has a value"
    return phrases.beside_limit(criterion, judged.achieved)[1]


def _not_met(test: Test, judged: CriterionVerdict, phrases: Phrases) -> str:
    worst = next((pair for pair in judged.pairs if pair.standing is PairState.BREAKS), None)
    return phrases.say(
        "claim.not-met",
        asked=_asked(judged, phrases),
        breaks=judged.count(PairState.BREAKS),
        pairs=len(judged.pairs),
        kind=_members(test, judged, phrases),
        worst=phrases.pair(worst, judged.criterion) if worst else _why(judged, phrases),
        conditions=phrases.conditions(test),
    )


def _asked(judged: CriterionVerdict, phrases: Phrases) -> str:
    criterion = judged.criterion
    return phrases.say(
        "claim.asked",
        measure=phrases.measure(criterion.metric, criterion.statistic),
        asked=phrases.asked(criterion, phrases.value(criterion.limit)),
    )


def _why(judged: CriterionVerdict, phrases: Phrases) -> str:
    """An undecided pair, rather one that was tried."""
    undecided = [pair for pair in judged.pairs if pair.standing is PairState.UNDECIDED]
    tried = [pair for pair in undecided if not {reason.code for reason in pair.reasons} <= _UNTRIED]
    chosen = next(iter(tried or undecided), None)
    return phrases.pair(chosen, judged.criterion) if chosen else phrases.say("claim.nothing-measured")


def _subject(test: Test, judged: CriterionVerdict, phrases: Phrases) -> str:
    criterion = judged.criterion
    members = len(judged.pairs)
    if criterion.over is Over.TOTAL:
        return phrases.say("claim.total", kind=_kind(test, 2, phrases))
    if criterion.over is Over.NODES:
        return phrases.say(PAIRINGS[test.pairing].node_claim, nodes=members, kind=_kind(test, 2, phrases))
    if criterion.share.si >= 1:
        return phrases.say("claim.every", pairs=members, kind=_kind(test, 1, phrases))
    return phrases.say("claim.share", share=criterion.share, pairs=members, kind=_kind(test, 2, phrases))


def _members(test: Test, judged: CriterionVerdict, phrases: Phrases) -> str:
    """What the criterion counts: pairs of a kind, nodes, or the one total."""
    criterion = judged.criterion
    if criterion.over is Over.PAIRS:
        return _kind(test, len(judged.pairs), phrases)
    return phrases.say(f"claim.members-{criterion.over.value}")


def _kind(test: Test, pairs: int, phrases: Phrases) -> str:
    """Which pairs: how they were chosen and where they lie. Cross-zone pairs only where they were judged."""
    return phrases.say(
        "claim.kind", pairing=phrases.say(f"pairing.{test.pairing}", pairs=pairs), scope=phrases.roads(test)
    )
