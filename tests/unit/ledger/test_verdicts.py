"""Verdicts that are kept: by which limits, which one a report shows, and whether the run under them is whole."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from clearway.ledger import files
from clearway.ledger.chain import sha256
from clearway.ledger.read import read_run
from clearway.report.table import REPORTS
from unit.ledger.damaging import called
from unit.ledger.runs import write_old_run, write_run
from unit.report.factories import TCP, inventory, record, spec

LIMITS = "version: 1\naccept:\n  bandwidth: [throughput >= 950 Mbit/s]\n"
"""Above what the pairs of the run reached: 0.95 Gbit/s on average, with noise."""


@pytest.fixture(scope="module")
def accepted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was accepted, and its first verdict."""
    folder = tmp_path_factory.mktemp("accepted") / "run"
    write_run(folder, record(spec(TCP), inventory(3)))
    assert called("judge", str(folder))[0] == 0
    return folder


@pytest.fixture
def run(accepted: Path, tmp_path: Path) -> Path:
    """One of its own for every test."""
    return Path(shutil.copytree(accepted, tmp_path / "run"))


@pytest.fixture
def limits(tmp_path: Path) -> Path:
    path = tmp_path / "limits.yaml"
    path.write_text(LIMITS.replace("950", "5000"))
    return path


@pytest.mark.parametrize("name", REPORTS)
def test_a_verdict_by_other_limits_says_so_in_every_format(run: Path, limits: Path, name: str) -> None:
    code, _, said = called("judge", str(run), "--limits", str(limits))
    text = (run / REPORTS[name].file_name).read_text()
    assert code == 1
    for known in (sha256(limits.read_bytes()), "By those it is ACCEPTED", limits.name):
        assert known in " ".join(text.replace("\\", "").split())
    assert "seal: " in said


def test_a_verdict_by_other_limits_leaves_a_trace_for_programs(run: Path, limits: Path) -> None:
    called("judge", str(run), "--limits", str(limits))
    remark = next(one for one in json.loads((run / "report.json").read_text())["remarks"] if "limits" in one["code"])
    assert (
        remark["values"].items() >= {"file": str(limits), "digest": sha256(limits.read_bytes()), "own": "pass"}.items()
    )
    first, second = map(json.loads, (run / files.VERDICT_LIST).read_text().splitlines())
    assert (first["state"], "limits" in first) == ("pass", False)
    assert (second["state"], second["limits"]["content"]) == ("fail", sha256(limits.read_bytes()))


def test_a_report_says_which_verdict_it_shows_and_shows_each(run: Path, limits: Path) -> None:
    called("judge", str(run), "--limits", str(limits))
    now, first, second = (
        json.loads(called("report", str(run), "--format", "json", *which)[1])
        for which in ((), ("--verdict", "1"), ("--verdict", "2"))
    )
    rows = [{one["name"]: one["value"] for one in shown["conditions"]} for shown in (now, first, second)]
    assert [shown["state"] for shown in (now, first, second)] == ["pass", "pass", "fail"]
    assert rows[0]["verdict"].startswith("made for this report and not kept")
    assert [row["verdict"].split(" of ")[0] for row in rows[1:]] == ["number 1", "number 2"]
    assert "1: ACCEPTED" in rows[0]["earlier-verdicts"]
    assert "2: REJECTED" in rows[0]["earlier-verdicts"]
    assert limits.name in rows[2]["verdict"]


def test_a_verdict_that_is_not_there_is_a_usage_error(run: Path) -> None:
    code, _, said = called("report", str(run), "--verdict", "7")
    assert code == 2
    assert "no verdict with the number 7" in said


def test_judging_again_breaks_no_seal(run: Path, limits: Path) -> None:
    before = called("verify", str(run))
    called("judge", str(run), "--limits", str(limits))
    assert called("verify", str(run)) == before
    assert before[0] == 0


@pytest.mark.parametrize("name", ["verdict-1.json", files.VERDICT_LIST])
def test_a_verdict_that_was_changed_is_found(run: Path, name: str) -> None:
    (run / name).write_text((run / name).read_text().replace("pass", "fail"))
    code, said, _ = called("verify", str(run))
    assert (code, str(run / name) in said) == (3, True)
    assert called("report", str(run), "--verdict", "1")[0] == 3


def test_a_verdict_that_was_put_there_is_found(run: Path) -> None:
    (run / "verdict-2.json").write_text((run / "verdict-1.json").read_text())
    code, said, _ = called("verify", str(run))
    assert (code, str(run / "verdict-2.json") in said) == (3, True)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_verify_says_in_one_line_whether_a_run_is_whole(run: Path, tmp_path: Path, language: str) -> None:
    write_run(tmp_path / "killed", record(spec(TCP), inventory(3)), closed=False)
    write_old_run(tmp_path / "old", record(spec(TCP), inventory(3)))
    codes = {}
    for folder in (run, tmp_path / "killed", tmp_path / "old"):
        code, text, error = called("verify", str(folder), "--lang", language)
        as_data = json.loads(called("verify", str(folder), "--lang", language, "--json")[1])
        codes[folder.name] = code
        assert (text.count("\n"), error, as_data["sentence"]) == (1, "", text.strip())
        assert as_data["whole"] is (code == 0)
        assert as_data["run"] == "r-0001"
    assert codes == {"run": 0, "killed": 3, "old": 3}
    assert called("verify", str(tmp_path / "nowhere"))[0] == 2


def test_a_seal_that_was_kept_elsewhere_is_compared(run: Path) -> None:
    whole = read_run(run).wholeness
    assert whole is not None
    assert whole.closing is not None
    assert whole.closing in called("report", str(run))[1]
    assert called("verify", str(run), "--seal", whole.closing)[0] == 0
    code, said, _ = called("verify", str(run), "--seal", "0" * 64)
    assert (code, "no seal 0000" in said) == (3, True)


def test_a_run_without_digests_is_judged_and_says_that_it_has_none(tmp_path: Path) -> None:
    write_old_run(tmp_path, record(spec(TCP), inventory(3)))
    code, said, _ = called("judge", str(tmp_path))
    assert code == 0
    assert "nothing shows whether its record is whole" in said
    assert "verdict-1.json" in [path.name for path in tmp_path.iterdir()]


def test_a_run_whose_controller_was_killed_says_so(tmp_path: Path) -> None:
    write_run(tmp_path, record(spec(TCP), inventory(3)), closed=False)
    path = tmp_path / files.RESULTS
    path.write_bytes(path.read_bytes()[:-20])
    code, said, _ = called("report", str(tmp_path))
    assert code == 0
    assert "No seal closes the record" in said
    assert "The last line of results.jsonl was cut off" in said
