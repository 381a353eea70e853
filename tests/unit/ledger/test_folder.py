"""The folder of a run: for its owner only, at home where `~` says so, and refused where there can be none."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from clearway.base.errors import UsageError
from clearway.cli.log import LOGGER, file_log
from clearway.cli.main import main
from clearway.ledger import files
from clearway.ledger.lock import held
from clearway.ledger.write import Ledger
from making import inventory, planned, tcp_spec

RECORD = planned(tcp_spec("throughput >= 500 Mbit/s"), inventory(4))


def modes(folder: Path) -> Iterator[tuple[str, int]]:
    for path in (folder, *folder.iterdir()):
        yield path.name, stat.S_IMODE(path.stat().st_mode)


def test_a_run_directory_and_all_in_it_are_for_its_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with held(folder):
        ledger = Ledger.create(folder, RECORD)
        ledger.append(RECORD.plan[0])
        with file_log(folder / files.LOG):
            LOGGER.info("a line")
        found = dict(modes(folder))
    assert found.pop("run") == 0o700
    assert len(found) > 5
    assert {name: oct(mode) for name, mode in found.items() if mode != 0o600} == {}


@pytest.mark.parametrize("name", ["file", "file/below", "x" * 300])
def test_a_place_that_can_be_no_folder_is_a_wrong_flag(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError), held(tmp_path / name):
        pass
    assert main(["run", "--lab", "--lang=en", f"--report-dir={tmp_path / name}"]) == 2
    assert "can't be a run directory" in capsys.readouterr().err
    assert (tmp_path / "file").read_text() == "mine"


def test_home_is_expanded_behind_a_flag_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for word in ("~/nothing", "--limits=~/nothing"):
        assert main(["judge", *(("~/other", word) if word.startswith("-") else (word,)), "--lang=en"]) != 0
        assert f"{tmp_path}/" in capsys.readouterr().err
    assert main(["judge", "a~b", "--lang=en"]) != 0
    assert "a~b" in capsys.readouterr().err
