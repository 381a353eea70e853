"""The journal: what is open is known after any end of whoever wrote it."""

from __future__ import annotations

from pathlib import Path

import pytest

from clearway.base.errors import LedgerError
from clearway.base.units import Duration
from clearway.chaos.journal import Journal, JournalEntry, JournalStep


def entry(node: str, step: JournalStep, at: float = 1.0) -> JournalEntry:
    return JournalEntry(node, "kubelet-and-runtime", step, at, f"bomb-{node}", Duration(60))


def test_a_run_that_broke_nothing_has_nothing_open(tmp_path: Path) -> None:
    assert Journal(tmp_path).open() == ()


def test_what_was_not_put_back_is_open(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for one in (entry("a", JournalStep.BREAKING), entry("b", JournalStep.BREAKING), entry("a", JournalStep.BACK, 2.0)):
        journal.write(one)
    assert Journal(tmp_path).open() == (entry("b", JournalStep.BREAKING),)


def test_what_is_broken_again_is_open_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for one in (
        entry("a", JournalStep.BREAKING),
        entry("a", JournalStep.BACK, 2.0),
        entry("a", JournalStep.BREAKING, 3.0),
    ):
        journal.write(one)
    assert Journal(tmp_path).open() == (entry("a", JournalStep.BREAKING, 3.0),)


def test_a_torn_line_announced_what_never_happened(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.write(entry("a", JournalStep.BREAKING))
    journal.write(entry("b", JournalStep.BREAKING))
    journal.path.write_bytes(journal.path.read_bytes()[:-5])
    assert Journal(tmp_path).open() == (entry("a", JournalStep.BREAKING),)


def test_a_journal_that_can_not_be_read_is_reported_with_its_line(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.write(entry("a", JournalStep.BREAKING))
    with journal.path.open("a") as file:
        file.write("{}\n")
    with pytest.raises(LedgerError) as refused:
        journal.open()
    assert refused.value.values["line"] == 2


def test_a_journal_that_can_not_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LedgerError):
        Journal(tmp_path / "nowhere").write(entry("a", JournalStep.BREAKING))
