"""One process at a time writes into a run directory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from clearway.base.errors import UsageError
from clearway.ledger import files
from clearway.ledger.lock import held

HOLDER = """
import sys
from pathlib import Path
from clearway.ledger.lock import held
with held(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Holds the lock until it is killed or its stdin is closed."""
    command = [sys.executable, "-c", HOLDER, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process


def test_a_second_process_is_refused_with_the_name_of_the_first(tmp_path: Path) -> None:
    with another_process(tmp_path) as process, pytest.raises(UsageError) as caught, held(tmp_path):
        pass
    assert caught.value.exit_code == 2
    assert (caught.value.code, caught.value.values["pid"]) == ("ledger.in-use", process.pid)
    assert caught.value.values["folder"] == str(tmp_path)


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    with another_process(tmp_path) as process:
        process.kill()
    assert (tmp_path / files.LOCK).exists()
    with held(tmp_path):
        assert json.loads((tmp_path / files.LOCK).read_text())["pid"] == os.getpid()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_was_made_for_a_run_which_did_not_begin_is_gone(tmp_path: Path) -> None:
    with held(tmp_path / "runs" / "one"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]
    with held(tmp_path / "runs" / "one"):
        (tmp_path / "runs" / "one" / files.MANIFEST).touch()
    assert (tmp_path / "runs" / "one").exists()
    (tmp_path / "own").mkdir()
    with held(tmp_path / "own"):
        pass
    assert (tmp_path / "own").exists()


def test_a_lock_that_its_holder_is_just_removing_is_not_taken_for_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file that was opened is removed before its lock is taken: the lock of the file that is there now counts."""
    opened = os.open
    removed: list[Path] = []

    def open_and_lose(path: Path, *flags: int) -> int:
        descriptor = opened(path, *flags)
        if not removed:
            removed.append(path)
            Path(path).unlink()
        return descriptor

    monkeypatch.setattr(os, "open", open_and_lose)
    with held(tmp_path):
        assert removed == [tmp_path / files.LOCK]
        assert (tmp_path / files.LOCK).exists()
