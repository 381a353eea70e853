"""The run directory keeps what it was told, through crashes."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.base.errors import LedgerError, UsageError
from clearway.ledger import files
from clearway.ledger.disk import write_whole
from clearway.ledger.read import read_run
from clearway.ledger.record import Record
from clearway.ledger.verdicts import Verdicts
from clearway.ledger.write import Appended, Ledger
from clearway.probe.records import Observation, Slot, Worker
from clearway.report.table import REPORTS
from making import after, inventory, measured, planned, tcp_spec


def whole_record() -> Record:
    record = planned(tcp_spec("throughput >= 500 Mbit/s"), inventory(4, zones=("",)))
    return after(record, record.plan, lambda r, p: measured(r, p, 9e8))


def written(folder: Path, record: Record) -> Ledger:
    ledger = Ledger.create(folder, record)
    everything: list[Appended] = [*record.rounds, *record.results, *record.workers, *record.observations]
    for item in everything:
        ledger.append(item)
    return ledger


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    record = whole_record()
    written(tmp_path / "run", record)
    assert record.findings != ()
    assert read_run(tmp_path / "run") == record


@given(cut=st.integers(1, 400))
@pytest.mark.fault("record", "the last line of a file is torn", "The rest is read.")
def test_a_torn_last_line_loses_only_itself(cut: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    record = whole_record()
    folder = tmp_path_factory.mktemp("torn")
    written(folder, record)
    path = folder / files.RESULTS
    content = path.read_bytes()
    path.write_bytes(content[:-cut])
    whole_lines = content[:-cut].count(b"\n")
    assert read_run(folder).results == record.results[:whole_lines]
    Ledger.reopen(folder, read_run(folder)).append(record.results[-1])
    assert read_run(folder).results == (*record.results[:whole_lines], record.results[-1])


@pytest.mark.fault("record", "a line in the middle is broken", "Exit 3, with file and line.")
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
    with pytest.raises(UsageError, match=r"ledger\.exists"):
        written(tmp_path, record)


@pytest.mark.parametrize("pattern", files.OF_ANY_RUN)
def test_a_folder_with_anything_of_a_run_is_refused(tmp_path: Path, pattern: str) -> None:
    name = pattern.replace("*", "1")
    (tmp_path / name).touch()
    with pytest.raises(UsageError) as caught:
        written(tmp_path, whole_record())
    assert (caught.value.code, caught.value.values["found"]) == ("ledger.exists", name)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_the_files_of_reports_are_known_to_the_run_directory() -> None:
    for report in REPORTS.values():
        assert any(Path(report.file_name).match(pattern) for pattern in files.REPORTS)


def test_a_run_of_another_format_is_refused(tmp_path: Path) -> None:
    written(tmp_path, whole_record())
    path = tmp_path / files.MANIFEST
    path.write_text(path.read_text().replace('"format": 2', '"format": 3'))
    with pytest.raises(LedgerError, match=r"ledger\.other-format"):
        read_run(tmp_path)


def test_verdicts_are_added_never_replaced(tmp_path: Path) -> None:
    written(tmp_path, whole_record())
    for number in range(1, 4):
        verdicts = Verdicts(tmp_path, read_run(tmp_path).manifest)
        verdicts.add(f"{number}\n", 0.0, "pass")
        assert [verdicts.text(one) for one in range(1, number + 1)] == [f"{one}\n" for one in range(1, number + 1)]


def test_a_full_disk_is_an_error_that_names_the_file_and_leaves_no_half_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    full = tmp_path / "report.txt"
    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(LedgerError) as caught:
        write_whole(full, "x" * 100)
    assert list(tmp_path.iterdir()) == []
    assert caught.value.code == "ledger.cannot-write"
    assert caught.value.values["path"] == str(full)
    assert not full.exists()


def test_listeners_hear_what_is_kept(tmp_path: Path) -> None:
    record = whole_record()
    heard: list[object] = []
    ledger = Ledger.create(tmp_path, record, [heard.append])
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
