"""A record that can't be bent unnoticed: what changed is named, and no damage makes a verdict better."""

from __future__ import annotations

import os
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from clearway.base.units import Duration, Rate
from clearway.ledger import files
from clearway.ledger.record import Record
from clearway.ledger.seal import SealReason
from clearway.ledger.write import Ledger
from clearway.probe.observations import CLOCK, RUN_FINISHED
from clearway.site.lab.model import BUILT_IN, dump_lab
from unit.ledger.damaging import Kept, called, check_one_damage, state_of
from unit.ledger.runs import write_run
from unit.report.factories import TCP, Network, inventory, record, spec

TRIALS = 60


def made(run: str, rate: float) -> Record:
    """A run with a line in each of its files."""
    of_run = record(spec(TCP), inventory(3), Network(rate=lambda _: Rate(rate)))
    ahead = {"ahead": Duration(0), "uncertainty": Duration(0.001)}
    seen = (CLOCK.seen("node-1/0", 1.0, ahead), RUN_FINISHED.seen(run, 2.0))
    return replace(of_run, manifest=replace(of_run.manifest, run=run), observations=seen)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another run of the same tests on the same nodes."""
    folder = tmp_path_factory.mktemp("other")
    write_run(folder, made("r-0002", 9e8))
    return folder


@pytest.fixture(scope="module", params=["pass", "fail"])
def state(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", params=[True, False], ids=["closed", "killed"])
def kept(request: pytest.FixtureRequest, state: str, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    folder = tmp_path_factory.mktemp("kept")
    write_run(folder, made("r-0001", 9e8 if state == "pass" else 1e8), closed=request.param)
    assert state_of(folder)[:2] == (0, state)
    return Kept(folder, state, closed=request.param)


@pytest.mark.slow
def test_no_damage_is_a_bug_a_better_verdict_or_whole(kept: Kept, other: Path, tmp_path: Path) -> None:
    chance = random.Random(kept.state)
    became = Counter(check_one_damage(kept, other, tmp_path / "damaged", chance) for _ in range(TRIALS))
    assert became["refused"] > became["said"]


@pytest.mark.parametrize(
    "words",
    [
        ("judge", "{run}"),
        ("report", "{run}"),
        ("init", "--from", "{run}"),
        ("run", "--resume", "{run}"),
        ("cni-cost", "{run}", "{whole}"),
        ("verify", "{run}"),
    ],
    ids=lambda words: words[0],
)
def test_every_reader_refuses_a_damaged_run_and_names_the_line(
    words: tuple[str, ...], tmp_path: Path, other: Path
) -> None:
    write_run(tmp_path, made("r-0001", 9e8))
    (tmp_path / files.LAB).write_text(dump_lab(BUILT_IN))
    path = tmp_path / files.RESULTS
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2] + lines[3:]))
    code, out, err = called(*(word.format(run=tmp_path, whole=other) for word in words))
    assert (code, f"{path}:3 is damaged" in out + err) == (3, True)


def test_a_round_is_on_the_disk_before_its_seal_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A power cut then loses nothing that a seal counts. The folder too, which holds the names of new files."""
    record = made("r-0001", 9e8)
    ledger = Ledger.create(tmp_path, record)
    synced: list[str] = []
    sync = os.fsync

    def noting(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").resolve().name)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", noting)
    for folder in ((tmp_path.name,), ()):
        synced.clear()
        ledger.append(record.rounds[0])
        ledger.append(record.results[0])
        assert synced == []
        ledger.lines.seal(SealReason.ROUND)
        assert synced == [files.ROUNDS, files.RESULTS, files.SEALS, *folder]
