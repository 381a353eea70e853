"""A run directory that another person made: nothing in it is waited for without end, or written through."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from clearway.base.errors import LedgerError, UsageError
from clearway.cli.log import LOGGER, file_log
from clearway.ledger import files, one_file
from clearway.ledger.lock import held
from clearway.ledger.read import read_run
from clearway.ledger.write import Ledger
from unit.ledger.damaging import called
from unit.ledger.runs import write_run
from unit.report.factories import TCP, inventory, record, spec

READ = (files.MANIFEST, files.SEALS, *files.DIGESTED, *files.LINES, files.VERDICT_LIST)
RECORD = record(spec(TCP), inventory(3))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written") / "run"
    write_run(folder, RECORD)
    return folder


@pytest.fixture
def run(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "run"))


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/dev/zero")])
@pytest.mark.parametrize("name", READ)
@pytest.mark.fault("record", "a file is a pipe, a folder or a device", "Exit 3, with the file.")
def test_what_is_no_file_is_named_and_not_waited_for(run: Path, name: str, make: Callable[[Path], object]) -> None:
    (run / name).unlink(missing_ok=True)
    make(run / name)
    for words in (("judge",), ("report",), ("verify",)):
        code, out, err = called(*words, str(run), "--lang", "en")
        assert code == 3, words
        assert name in out + err, words


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine"
    path.write_text("mine\n")
    return path


@pytest.mark.parametrize("name", [files.LOCK, files.VERDICT_LIST, "verdict-1.json.new", "report.txt.new", "report.txt"])
@pytest.mark.fault("record", "a file of the run is a link that leads elsewhere", "What it leads to stays as it is.")
def test_judging_writes_through_no_link(run: Path, mine: Path, name: str) -> None:
    (run / name).symlink_to(mine)
    called("judge", str(run))
    assert mine.read_text() == "mine\n"


@pytest.mark.parametrize("name", [files.RESULTS, files.SEALS])
def test_a_run_goes_on_through_no_link(run: Path, mine: Path, name: str) -> None:
    shutil.move(run / name, mine)
    before = mine.read_bytes()
    (run / name).symlink_to(mine)
    with pytest.raises(LedgerError, match=r"ledger\.cannot-write"):
        Ledger.reopen(run, read_run(run))
    assert mine.read_bytes() == before


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to(path.parent / "elsewhere")])
def test_a_log_or_a_lock_that_is_no_file_is_an_error(tmp_path: Path, make: Callable[[Path], object]) -> None:
    make(tmp_path / files.LOG)
    with pytest.raises(LedgerError, match=files.LOG), file_log(tmp_path / files.LOG):
        LOGGER.warning("a line")
    make(tmp_path / files.LOCK)
    with pytest.raises(LedgerError, match=files.LOCK), held(tmp_path):
        pass
    assert not (tmp_path / "elsewhere").exists()


def test_a_link_that_leads_nowhere_is_a_part_of_another_run(tmp_path: Path) -> None:
    (tmp_path / files.RESULTS).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match=r"ledger\.exists"):
        Ledger.create(tmp_path, RECORD)
    assert not (tmp_path / "elsewhere").exists()


def test_a_line_without_end_is_named_and_not_read_to_its_end(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_file, "_LONGEST", 100_000)
    assert called("report", str(run))[0] == 0
    with (run / files.RESULTS).open("ab") as file:
        file.truncate(10**12)
    code, _, err = called("report", str(run), "--lang", "en")
    assert code == 3
    assert f"{files.RESULTS}:{len(RECORD.results) + 1} " in err
