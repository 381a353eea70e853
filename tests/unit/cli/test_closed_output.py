"""Output that goes nowhere: a reader that has ended, a full disk, an encoding without Korean, a closed stream."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from clearway.ledger.write import Appended, Ledger
from unit.report.factories import TCP, inventory, record, spec

slow = partial(pytest.param, marks=pytest.mark.slow)
NO_SPACE = "The output could not be written: No space left on device."


def clearway(*words: str, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        [sys.executable, "-m", "clearway", *words], text=True, check=False, **{"stderr": subprocess.PIPE, **more}
    )


@pytest.mark.parametrize("words", [slow(["--help"]), ["explain", "jitter"], slow(["init"])], ids=" ".join)
def test_a_reader_that_has_enough_changes_no_exit_code(words: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ended = clearway(*words, stdout=writer)
    finally:
        os.close(writer)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.slow
def test_output_and_messages_may_go_to_the_same_closed_pipe() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ended = clearway("run", "--lab", "--profile", "none", stdout=writer, stderr=writer)
    finally:
        os.close(writer)
    assert ended.returncode == 2, "the error's own code"


@pytest.mark.slow
def test_output_that_a_full_disk_loses_is_said_and_is_never_exit_0() -> None:
    with Path("/dev/full").open("w") as full:
        ended = clearway("init", stdout=full)
        assert ended.returncode == 3
        assert ended.stderr.startswith(NO_SPACE)
        assert clearway("explain", "nonsense", stdout=full, stderr=full).returncode == 2, "an error keeps its code"


@pytest.mark.slow
def test_streams_that_are_closed_hide_nothing_of_the_exit_code() -> None:
    def closing() -> None:
        os.close(1)
        os.close(2)

    assert clearway("init", preexec_fn=closing).returncode == 0


@pytest.mark.slow
def test_ascii_output_gets_korean_all_the_same() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    ended = clearway("explain", "jitter", "--lang", "ko", stdout=subprocess.PIPE, env=environment, encoding="utf-8")
    assert ended.returncode == 0
    assert "지터" in ended.stdout


@pytest.fixture
def accepted(tmp_path: Path) -> Path:
    """The directory of a run that was accepted."""
    made = record(spec(TCP), inventory(4))
    ledger = Ledger.create(tmp_path / "run", made)
    written: list[Appended] = [*made.rounds, *made.results, *made.workers]
    for item in written:
        ledger.append(item)
    return tmp_path / "run"


@pytest.mark.slow
def test_a_verdict_that_can_not_be_printed_is_kept_and_keeps_its_exit_code(accepted: Path) -> None:
    with Path("/dev/full").open("w") as full:
        ended = clearway("judge", str(accepted), stdout=full)
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr.startswith("The report could not be printed: No space left on device.")
    assert (accepted / "verdict-1.json").exists()


@pytest.mark.slow
def test_a_verdict_that_can_not_be_kept_is_printed_and_keeps_its_exit_code(accepted: Path) -> None:
    (accepted / "verdict-1.json").mkdir()
    ended = clearway("judge", str(accepted), "--lang", "en", stdout=subprocess.PIPE)
    assert ended.returncode == 0, ended.stderr
    assert "ACCEPTED" in ended.stdout
    assert ended.stderr.startswith("The verdict was not added to the run: ")
    assert "--resume" not in ended.stderr, "nothing is left to measure"


@pytest.mark.slow
def test_a_verdict_is_kept_before_it_is_printed(accepted: Path) -> None:
    reader, writer = os.pipe()
    with subprocess.Popen([sys.executable, "-m", "clearway", "judge", str(accepted)], stdout=writer) as judging:
        os.close(writer)
        assert os.read(reader, 1)
        assert (accepted / "report.md").exists()
        os.close(reader)
    assert judging.returncode == 0
