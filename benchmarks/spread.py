"""How far apart the senders of a round begin: by a packet capture, and by clearway's own figure."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.by_hand import on
from benchmarks.capture import CapturedLab, Segment, first_data
from benchmarks.figure import Figure
from benchmarks.flow import WitnessedLab, accepted
from clearway.ledger.record import Record
from clearway.probe.records import Round, Trial
from clearway.site.lab.model import LabSpec
from scripts.goal import Goal
from specs import spec_of

TITLE = "Spread of first data, 8 iperf2 pairs at once"

PAIRS = 8
ROUNDS = 5
GOAL = Goal(most=2.0)

_LAB = LabSpec(nodes=2 * PAIRS, zones=1)
_LEAD_BY_HAND = 1.5
_SPEC = spec_of(
    "name: start, protocol: tcp, streams: 1, direction: forward, duration: 1s, warm-up: 500ms, repeats: {min: %d}",
)


@dataclass(frozen=True)
class Start:
    """One sender's first data in one round, in milliseconds behind the instant."""

    pair: str
    captured: float
    told: float | None
    """By clearway; None where it saw none."""


async def starts(folder: Path, rounds: int) -> list[list[Start]]:
    """Every pair's start in each round in which all began within a second, measured or not."""
    site = CapturedLab(_LAB, folder.with_suffix(".pcap"))
    record = await accepted(folder, _SPEC % rounds, site)
    segments = site.segments()
    return [found for round_ in record.rounds if len(found := starts_in(record, round_, segments)) == PAIRS]


def starts_in(record: Record, round_: Round, segments: Sequence[Segment]) -> list[Start]:
    """Of the senders that were captured."""
    (instant,) = (o.at for o in record.observations if o.kind == "round-start" and o.subject == round_.id)
    seen = first_data(segments, instant)
    addresses = {worker.slot: worker.addresses[0] for worker in record.workers}
    started = [(trial, addresses[trial.probe.client]) for trial in record.trials if trial.round == round_.id]
    return [Start(t.probe.id, (seen[source] - instant) * 1e3, _told(t)) for t, source in started if source in seen]


def _told(trial: Trial) -> float | None:
    timing = trial.send.timing if trial.send else None
    return None if timing is None or timing.first_data is None else timing.first_data.si * 1e3


async def starts_by_hand(folder: Path, rounds: int) -> list[list[float]]:
    """The same senders without clearway: first data of each in the whole rounds, in milliseconds behind the instant."""
    site = CapturedLab(_LAB, folder.with_suffix(".pcap"))
    try:
        await site.start(())
        instants = [await _by_hand(site) for _ in range(rounds)]
    finally:
        await site.stop()
    segments = site.segments()
    found = [[(at - instant) * 1e3 for at in first_data(segments, instant).values()] for instant in instants]
    return [round_ for round_ in found if len(round_) == PAIRS]


async def _by_hand(site: WitnessedLab) -> float:
    """Runs all pairs once; returns the instant that they were given."""
    instant = time.time() + _LEAD_BY_HAND
    pairs = [(f"node-{n}", f"node-{n + PAIRS}") for n in range(1, PAIRS + 1)]
    servers = [on(receiver, "iperf -s &") for _, receiver in pairs]
    options = f"-t 1 --txstart-time {instant:.6f}"
    clients = [on(sender, f"iperf -c {site.address(receiver)} {options} &") for sender, receiver in pairs]
    script = "\n".join(("set -m", *servers, "sleep 0.5", *clients, "sleep 3.5", "kill $(jobs -p); wait"))
    await site.execute(None, ("bash", "-c", script))
    return instant


def spread(values: Iterable[float | None]) -> float:
    """From the first to the last, in milliseconds."""
    known = [value for value in values if value is not None]
    return max(known) - min(known)


async def figures(folder: Path) -> list[Figure]:
    rounds = await starts(folder / "run", ROUNDS)
    captured = [spread(start.captured for start in round_) for round_ in rounds]
    told = [spread(start.told for start in round_) for round_ in rounds]
    by_hand = [spread(round_) for round_ in await starts_by_hand(folder / "by-hand", ROUNDS)]
    return [
        Figure("captured in the fabric", median(captured), "ms", captured, GOAL),
        Figure("clearway's own figure", median(told), "ms", told),
        Figure("captured, the same iperf by hand", median(by_hand), "ms", by_hand),
    ]
