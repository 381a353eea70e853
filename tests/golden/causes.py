"""Real runs with known faults, kept as what the rules about causes read: `python -m benchmarks.causes` makes them anew.

A file is one fault: the first attempts on its road and on a sound one, without what no rule reads.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from clearway.ledger.files import FORMAT_VERSION, Manifest
from clearway.ledger.record import Record
from clearway.probe.codec import of
from clearway.probe.json_values import Json
from clearway.probe.measurement import Measurement, Tcp, Udp
from clearway.probe.records import Inventory, Probe, Result, Round, Trial, Worker
from clearway.spec.model import Spec
from clearway.verdict.suspect import Place, PlaceKind

FOLDER = Path(__file__).with_name("causes")


@dataclass(frozen=True)
class CapturedFault:
    """A road with a fault, and the cause that has to be named."""

    name: str
    cause: str
    record: Record
    place: Place
    sound: Place
    """A road without a fault, of the same run."""


def captured() -> Iterator[CapturedFault]:
    """All that are kept, by name."""
    for file in sorted(FOLDER.glob("*.json")):
        kept = json.loads(file.read_text(encoding="utf-8"))
        place, sound = (Place(PlaceKind.LINK, tuple(kept[name])) for name in ("road", "sound"))
        yield CapturedFault(file.stem, kept["cause"], _record(kept), place, sound)


def keep(name: str, cause: str, record: Record, road: tuple[str, str], sound: tuple[str, str]) -> None:
    """Write what a run shows of a fault."""
    trials = [one for one in record.trials if _is_kept(one) and _road(one.probe) in (road, sound)]
    kept: dict[str, Json] = {
        "cause": cause,
        "road": list(road),
        "sound": list(sound),
        "spec": record.spec.model_dump(mode="json", by_alias=True, exclude_unset=True),
        "inventory": of(Inventory).encode(record.inventory),
        "rounds": [of(Round).encode(one) for one in _rounds(record, trials)],
        "workers": [of(Worker).encode(one) for one in record.workers if one.slot.node in (*road, *sound)],
        "results": [of(Result).encode(_bare(half)) for trial in trials for half in trial.halves],
    }
    lines = ",\n".join(f" {json.dumps(name)}: {_lines(value)}" for name, value in kept.items())
    (FOLDER / f"{name}.json").write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


def _is_kept(trial: Trial) -> bool:
    return trial.attempt == 1 and trial.probe.parameters.kind in ("tcp", "udp")


def _lines(value: Json) -> str:
    """An item a line."""
    if not isinstance(value, list):
        return json.dumps(value)
    return "[\n  " + ",\n  ".join(map(json.dumps, value)) + "\n ]"


def _rounds(record: Record, trials: list[Trial]) -> Iterator[Round]:
    shown = {(trial.round, trial.probe.id) for trial in trials}
    for round_ in record.rounds:
        probes = tuple(probe for probe in round_.probes if (round_.id, probe.id) in shown)
        if probes:
            yield replace(round_, probes=probes)


def _bare(result: Result) -> Result:
    return replace(result, evidence=None, strangers=None, measurement=_without_samples(result.measurement))


def _without_samples(found: Measurement | None) -> Measurement | None:
    if isinstance(found, Udp):
        return replace(found, jitter=None, datagrams=None, losses=None)
    if isinstance(found, Tcp):
        return replace(found, rtt=None, connect=None)
    return found


def _road(probe: Probe) -> tuple[str, str]:
    sender, receiver = probe.pair
    return sender.node, receiver.node


def _record(kept: dict[str, Any]) -> Record:
    rounds = tuple(map(of(Round).decode, kept["rounds"]))
    return Record(
        manifest=Manifest(run="captured", format=FORMAT_VERSION, version="0.1.0", started=0.0, site="lab"),
        spec=Spec.model_validate(kept["spec"]),
        inventory=of(Inventory).decode(kept["inventory"]),
        plan=rounds,
        rounds=rounds,
        results=tuple(map(of(Result).decode, kept["results"])),
        workers=tuple(map(of(Worker).decode, kept["workers"])),
    )
