"""The run directory keeps what it was told, through crashes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.base.errors import LedgerError
from clearway.ledger import files
from clearway.ledger.record import Record, read_run
from clearway.ledger.write import Appended, Ledger
from clearway.probe.records import Observation, Slot, Worker
from making import after, inventory, measured, planned, tcp_spec


def whole_record() -> Record:
    record = planned(tcp_spec("throughput >= 500 Mbit/s"), inventory(4, zones=("",)))
    return after(record, record.plan, lambda r, p: measured(r, p, 9e8))


def written(folder: Path, record: Record) -> Ledger:
    ledger = Ledger.create(folder, record.manifest, record.spec, record.inventory)
    ledger.plan(record.plan, record.findings)
    everything: list[Appended] = [*record.rounds, *record.results, *record.workers, *record.observations]
    for item in everything:
        ledger.append(item)
    return ledger


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    record = whole_record()
    written(tmp_path / "run", record)
    assert record.findings != ()
    assert read_run(tmp_path / "run") == record


def test_a_run_of_an_older_version_has_no_findings_of_its_plan(tmp_path: Path) -> None:
    record = whole_record()
    written(tmp_path, record)
    (tmp_path / files.FINDINGS).unlink()
    assert read_run(tmp_path) == replace(record, findings=())


@given(cut=st.integers(1, 400))
def test_a_torn_last_line_loses_only_itself(cut: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    record = whole_record()
    folder = tmp_path_factory.mktemp("torn")
    written(folder, record)
    path = folder / files.RESULTS
    content = path.read_bytes()
    path.write_bytes(content[:-cut])
    whole_lines = content[:-cut].count(b"\n")
    assert read_run(folder).results == record.results[:whole_lines]
    Ledger.reopen(folder).append(record.results[-1])
    assert read_run(folder).results == (*record.results[:whole_lines], record.results[-1])


def test_a_broken_line_in_the_middle_is_named_not_skipped(tmp_path: Path) -> None:
    written(tmp_path, whole_record())
    path = tmp_path / files.RESULTS
    _, rest = path.read_text().split("\n", 1)
    path.write_text("{}\n" + rest)
    with pytest.raises(LedgerError) as caught:
        read_run(tmp_path)
    assert caught.value.values["line"] == 1
    assert str(path) == caught.value.values["path"]


def test_a_run_is_never_written_over_another(tmp_path: Path) -> None:
    record = whole_record()
    written(tmp_path, record)
    with pytest.raises(LedgerError, match=r"ledger\.exists"):
        written(tmp_path, record)


def test_a_run_of_another_format_is_refused(tmp_path: Path) -> None:
    written(tmp_path, whole_record())
    path = tmp_path / files.MANIFEST
    path.write_text(path.read_text().replace('"format": 1', '"format": 2'))
    with pytest.raises(LedgerError, match=r"ledger\.other-format"):
        read_run(tmp_path)


def test_verdicts_are_added_never_replaced(tmp_path: Path) -> None:
    ledger = written(tmp_path, whole_record())
    assert [ledger.save_verdict(f"{n}\n").name for n in range(3)] == [
        "verdict-1.json",
        "verdict-2.json",
        "verdict-3.json",
    ]


def test_a_full_disk_is_an_error_that_names_the_file_and_leaves_no_half_file(tmp_path: Path) -> None:
    ledger = written(tmp_path / "run", whole_record())
    full = tmp_path / "run" / "report.txt"
    (full.with_suffix(".txt.new")).symlink_to("/dev/full")
    with pytest.raises(LedgerError) as caught:
        ledger.save("report.txt", "x" * 100)
    assert caught.value.code == "ledger.cannot-write"
    assert caught.value.values["path"] == str(full)
    assert not full.exists()


def test_listeners_hear_what_is_kept(tmp_path: Path) -> None:
    record = whole_record()
    heard: list[object] = []
    ledger = Ledger.create(tmp_path, record.manifest, record.spec, record.inventory, [heard.append])
    items: list[Appended] = [record.rounds[0], record.results[0], Observation("clock", "node-1/0", 1.0)]
    for item in items:
        ledger.append(item)
    assert heard == items


def test_a_worker_that_came_back_is_known_by_its_last_word(tmp_path: Path) -> None:
    record = whole_record()
    ledger = written(tmp_path, record)
    for mtu in (1500, 1450):
        ledger.append(Worker(Slot("node-1"), ("10.0.0.1",), mtu, (20_000,)))
    assert [worker.mtu for worker in read_run(tmp_path).workers] == [1450]
