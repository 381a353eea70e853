"""How often a verdict is wrong, right or open, and how many repeats it takes: thousands of runs drawn by chance.

All pairs of a run have one true mean, some distance from the limit. A repeat's value varies around it: half of the
variance by blocks of half a second, which the probe shows, the other half by what is the same throughout a repeat,
which it does not. A round is run again whole until the criterion is decided or its repeats are used up, as a campaign
does it. Nothing is measured, so the figures are the same on every machine.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figure import Figure
from clearway.spec.criteria import Criterion, parse_criterion
from clearway.spec.model import Repeats
from clearway.verdict.evidence import Evidence
from clearway.verdict.interval import Share
from clearway.verdict.judge import state_of
from clearway.verdict.model import PairState, State
from clearway.verdict.noise import Means, block_error
from clearway.verdict.pair import Member, Samples, decide
from scripts.goal import Goal

TITLE = "verdicts near the limit, simulated"
BLOCKS = 16
"""In a repeat: 8 s in blocks of half a second."""
MOST = Repeats(min=1, max=6)
RUNS = 1_000
"""Of one pair; of many pairs fewer, as they take longer and vary less."""
BURST_RUNS = 4 * RUNS
"""Of losses in bursts, which come near to what they are held to."""


@dataclass(frozen=True)
class World:
    """Pairs that all lie `distance` above the limit (below it, if negative), with noise `cv`; both are shares."""

    pairs: int
    share: str
    distance: float
    cv: float

    @property
    def criterion(self) -> Criterion:
        return parse_criterion(f"throughput >= 1 bit/s{self.share}")


ASKED = ((1, ""), (4, ""), (20, " for 90 % of pairs"))
"""Pairs, and what is asked of them."""
CLEAR = ((0.02, 0.01), (0.05, 0.02), (0.1, 0.05))
"""Distances from the limit, and the noise with which they have to be told from it."""

NOISE = (0.0025, 0.01, 0.02, 0.05)
REPEATS, LONE_REPEATS = 3.5, 4.2
"""On average, at the distances above. A lone pair has to learn its noise from two or three differences."""
_STANDARD = 170_000
"""Datagrams of a UDP test of the profile `standard`."""
_SLOW = 21_000
"""The same of a link of 100 Mbit/s, at 20 % of it."""
_HARDLY = 1e-9
_WRONG, _RIGHT = 7, 93
"""In per cent; two per cent are what the share of 1,000 runs differs by from the true 5 and 95 at most."""


@dataclass(frozen=True)
class Tally:
    """Shares of the runs, and how many repeats they took on average."""

    passed: float
    failed: float
    repeats: float


def simulate(world: World, runs: int, seed: int) -> Tally:
    rng = random.Random(f"{world} {seed}")
    return _tally([_run(world, rng) for _ in range(runs)])


@dataclass(frozen=True)
class LossyRoad:
    """One pair that loses datagrams at this rate, of so many a repeat, in bursts of so many on average."""

    rate: float
    sent: int
    burst: float = 1.0


def lossy(road: LossyRoad, limit: float, runs: int, seed: int) -> Tally:
    rng = random.Random(f"{road} {limit} {seed}")
    criterion = parse_criterion(f"loss <= {limit * 100:g} %")
    return _tally([_repeated(criterion, _losses(rng, road)) for _ in range(runs)])


def _tally(ends: Sequence[tuple[State, int]]) -> Tally:
    states = [state for state, _ in ends]
    return Tally(
        passed=states.count(State.PASS) / len(ends),
        failed=states.count(State.FAIL) / len(ends),
        repeats=sum(repeats for _, repeats in ends) / len(ends),
    )


def _losses(rng: random.Random, road: LossyRoad) -> Callable[[int], list[Evidence]]:
    blocks: list[tuple[float, float]] = []

    def evidence(repeats: int) -> list[Evidence]:
        blocks.extend((road.sent / BLOCKS, _lost(rng, road)) for _ in range(BLOCKS))
        lost = [sum(lost for _, lost in blocks[n * BLOCKS : (n + 1) * BLOCKS]) for n in range(repeats)]
        return [Share(sum(lost), road.sent * repeats, tuple((road.sent, one) for one in lost), tuple(blocks))]

    return evidence


def _lost(rng: random.Random, road: LossyRoad) -> int:
    """Of one block; the lengths of bursts are geometric."""
    bursts = _poisson(rng, road.sent / BLOCKS * road.rate / road.burst)
    return sum(_length(rng, road.burst) for _ in range(bursts))


def _length(rng: random.Random, mean: float) -> int:
    return 1 if mean == 1 else 1 + int(math.log(1 - rng.random()) / math.log(1 - 1 / mean))


def _poisson(rng: random.Random, mean: float) -> int:
    """Events until the time that they take adds up to the mean."""
    events, time = 0, rng.expovariate(1)
    while time < mean:
        events, time = events + 1, time + rng.expovariate(1)
    return events


def _run(world: World, rng: random.Random) -> tuple[State, int]:
    drawn: list[list[tuple[float, float]]] = [[] for _ in range(world.pairs)]

    def evidence(repeats: int) -> list[Evidence]:
        for pair in drawn:
            pair.append(_repeat(world, rng))
        return [Means(tuple(mean for mean, _ in pair), pair[0][1]) for pair in drawn]

    return _repeated(world.criterion, evidence)


def _repeat(world: World, rng: random.Random) -> tuple[float, float]:
    """Its mean, and the error of it by its blocks."""
    part = world.cv * math.sqrt(0.5)
    hidden = rng.gauss(0, part)
    blocks = [1 + world.distance + hidden + rng.gauss(0, part * math.sqrt(BLOCKS)) for _ in range(BLOCKS)]
    return math.fsum(blocks) / BLOCKS, block_error(blocks)


def _repeated(criterion: Criterion, evidence: Callable[[int], Sequence[Evidence]]) -> tuple[State, int]:
    """Until the criterion is decided, each pair too close to decide, or the repeats are used up."""
    state, repeats = State.INCONCLUSIVE, 0
    while state is State.INCONCLUSIVE and repeats < MOST.max:
        repeats += 1
        limit = criterion.limit
        assert isinstance(limit, criterion.metric.unit)
        members = [Member(str(n), limit, Samples(), one, repeats) for n, one in enumerate(evidence(repeats))]
        judged = decide(criterion, MOST, members)
        standings = [one.standing for one in judged]
        holds, undecided = standings.count(PairState.HOLDS), standings.count(PairState.UNDECIDED)
        state = state_of(holds, undecided, len(judged), criterion.share.si)
        if not any(reason.code == "verdict.straddles" for one in judged for reason in one.reasons):
            break
    return state, repeats


async def figures(folder: Path) -> Sequence[Figure]:
    """Given an empty folder, as all benches are; it stays empty."""
    return [one for pairs, share in ASKED for one in (*_wrong(pairs, share), *_right(pairs, share))] + _passed_losses()


def _wrong(pairs: int, share: str) -> Iterator[Figure]:
    """At the limit itself, where it is hardest: just below it a PASS is wrong, just above it a FAIL."""
    for cv in NOISE:
        below = simulate(World(pairs, share, -_HARDLY, cv), _runs(pairs), seed=1)
        above = simulate(World(pairs, share, _HARDLY, cv), _runs(pairs), seed=1)
        wrong = 100 * max(below.passed, above.failed)
        yield Figure(f"{pairs} pairs, noise {cv:.2%}: wrong at the limit", wrong, "%", [wrong], Goal(most=_WRONG))


def _runs(pairs: int) -> int:
    return RUNS // (1 + pairs // 4)


def _right(pairs: int, share: str) -> Iterator[Figure]:
    for distance, cv in CLEAR:
        above = simulate(World(pairs, share, distance, cv), _runs(pairs), seed=1)
        below = simulate(World(pairs, share, -distance, cv), _runs(pairs), seed=1)
        right, repeats = 100 * min(above.passed, below.failed), [above.repeats, below.repeats]
        name = f"{pairs} pairs, noise {cv:.2%}, {distance:.0%} from the limit"
        yield Figure(f"{name}: right", right, "%", [right], Goal(least=_RIGHT))
        yield Figure(
            f"{name}: repeats", sum(repeats) / 2, "", repeats, Goal(most=LONE_REPEATS if pairs == 1 else REPEATS)
        )


def _passed_losses() -> list[Figure]:
    """Each alone, of as many datagrams as the rule asks for at least; and in bursts, of those of a test of 12 s."""
    figures = []
    for times in (1.05, 1.2, 1.5, 2.0):
        passed = 100 * lossy(LossyRoad(times * 0.001, 3_000), 0.001, RUNS, seed=1).passed
        figures.append(Figure(f"loss of {times:g} times the limit: passes", passed, "%", [passed], Goal(most=_WRONG)))
    for times, burst, sent in (
        (1, 5, _STANDARD),
        (1, 20, _STANDARD),
        (1.5, 20, _STANDARD),
        (1.5, 5, _SLOW),
    ):
        passed = 100 * lossy(LossyRoad(times * 0.001, sent, burst), 0.001, BURST_RUNS, seed=1).passed
        name = f"{sent:,} datagrams, loss of {times:g} times the limit in bursts of {burst}: passes"
        figures.append(Figure(name, passed, "%", [passed], Goal(most=_WRONG)))
    return figures
