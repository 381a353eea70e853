"""What to do next: look at the suspects, or at the worst pairs; then measure again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from clearway.report.document import SuspectPart
from clearway.report.page.judged import JudgedCriterion
from clearway.report.page.voices import Text, Voices
from clearway.report.suspects import place_text
from clearway.verdict.model import PairState, State
from clearway.verdict.suspect import PlaceKind

_SUSPECTS = 3
"""Steps about suspects: all of it fits on one page."""
_PAIRS = 3
"""The worst pairs of a criterion."""
_OF_A_NODE = ("ip -s link show", "ethtool -S eth0", "tc -s qdisc show")
"""Counters of errors and drops, of the NIC and of its queue, as root on the node. The NIC may have another name."""
_OF_A_ROAD = ("ip route get {receiver}", "tracepath -n {receiver}")
_COMMANDS: Mapping[PlaceKind, tuple[str, ...]] = {
    PlaceKind.LINK: _OF_A_ROAD,
    PlaceKind.ZONES: (),
    PlaceKind.LEAVES_ZONE: (),
    PlaceKind.ENTERS_ZONE: (),
}
"""What shows more about a place; of those that are not here, what shows more about a node."""


@dataclass(frozen=True, slots=True)
class Step:
    title: Text
    body: tuple[Text, ...]
    where: Text | None = None
    """Where its commands are typed."""
    commands: tuple[str, ...] = ()


def steps(criteria: Sequence[JudgedCriterion], voices: Voices) -> tuple[Step, ...]:
    document = voices.first
    found = [_suspect(index, one, voices) for index, one in enumerate(document.suspects[:_SUSPECTS])]
    explained = {(sign.test, sign.metric) for suspect in document.suspects for sign in suspect.signs}
    found += _worst_pairs([one for one in criteria if (one.test.name, one.part.metric) not in explained], voices)
    if document.state is State.INCONCLUSIVE:
        found += _undecided(criteria, voices)
    return (*found, _again(voices))


def _suspect(index: int, suspect: SuspectPart, voices: Voices) -> Step:
    place = suspect.place
    names = {"receiver": shlex.quote(place.names[-1])}
    return Step(
        title=voices.say("page.suspect", number=index + 1, place=voices.phrased(lambda one: place_text(place, one))),
        body=(voices.each(lambda document: document.suspects[index].sentence),),
        where=voices.say("page.on-node", node=place.names[0]),
        commands=tuple(command.format(**names) for command in _COMMANDS.get(place.kind, _OF_A_NODE)),
    )


def _worst_pairs(criteria: Sequence[JudgedCriterion], voices: Voices) -> Iterator[Step]:
    """No place explains them: then the pairs themselves."""
    for one in criteria:
        broken = [index for index, pair in enumerate(one.part.pairs) if pair.standing is PairState.BREAKS]
        if broken and one.part.state is State.FAIL:
            title = voices.say("page.look-at-pairs", measure=one.name)
            yield Step(title, tuple(one.pair_text(index) for index in broken[:_PAIRS]))


def _undecided(criteria: Sequence[JudgedCriterion], voices: Voices) -> Iterator[Step]:
    for one in criteria:
        left = [index for index, pair in enumerate(one.part.pairs) if pair.standing is PairState.UNDECIDED]
        if left and one.part.state is State.INCONCLUSIVE:
            title = voices.say("page.not-decided", measure=one.name, count=len(left))
            yield Step(title, tuple(one.pair_text(index) for index in left[:_PAIRS]))


def _again(voices: Voices) -> Step:
    state = voices.first.state
    commands = {
        State.PASS: ("clearway verify RUN", "clearway run RUN/spec.yaml --report-dir later/"),
        State.INCONCLUSIVE: ("clearway run --resume RUN", "clearway run RUN/spec.yaml --report-dir again/"),
    }
    return Step(
        title=voices.say(f"page.again-title-{state.value}"),
        body=(voices.say(f"page.again-{state.value}"),),
        commands=commands.get(state, ("clearway run RUN/spec.yaml --report-dir again/",)),
    )
