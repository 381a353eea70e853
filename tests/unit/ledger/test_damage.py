"""A damaged run directory: every file, in every way, is a sentence and exit 3, never a traceback or a bare code."""

from __future__ import annotations

import json
import shutil
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.base.errors import LedgerError
from clearway.base.units import Duration
from clearway.chaos.journal import Journal, JournalEntry, JournalStep
from clearway.cli.flags import ProviderFlags
from clearway.cli.main import main
from clearway.cli.sites import recorded_site
from clearway.kube.access import Access
from clearway.ledger import files
from clearway.probe.records import Observation, Reason
from clearway.report.wording import LANGUAGES, Language, describe_error
from clearway.report.wording.sentences import catalogue
from clearway.site.kubernetes.options import KubernetesOptions, dump_options
from clearway.site.lab.model import LabSpec, dump_lab
from clearway.spec.load import dump_spec
from unit.ledger.runs import write_old_run, write_run
from unit.report.factories import HTTP, TCP, inventory, record, spec

READ = (files.MANIFEST, files.SPEC, files.INVENTORY, files.PLAN, files.FINDINGS, *files.LINES)
NOT_JSON = (b"{", b"[]", b"null", b"7", b'"x"', b"{}", b"", b"\xff\xfe", b"[" * 100_000, b"9" * 6_000)
UNREADABLE = [name for name in READ if name != files.SPEC]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of two tests, with a line in each file."""
    folder = tmp_path_factory.mktemp("damage") / "run"
    cause = Reason("codec.missing-key", {"record": "Worker", "key": "mtu"})
    seen = Observation("worker-lost", "node-1/0", 1.0, {"reason": "kubernetes.undecodable", "cause": cause})
    write_run(folder, replace(record(spec(TCP, HTTP), inventory(3)), observations=(seen,)))
    return folder


@pytest.fixture(scope="module")
def old_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of format 1, in which no digest shows a change."""
    folder = tmp_path_factory.mktemp("old") / "run"
    write_old_run(folder, record(spec(TCP, HTTP), inventory(3)))
    return folder


def reported(folder: Path, language: Language) -> tuple[int, str]:
    """The exit code of `clearway report`, and what it printed."""
    out, err = StringIO(), StringIO()
    words = ["clearway", "report", str(folder), "--lang", language]
    with redirect_stdout(out), redirect_stderr(err), patch.object(sys, "argv", words):
        code = main()
    return code, err.getvalue()


def bare_codes(text: str) -> list[str]:
    return [code for code in catalogue("en") if code in text]


def damaged(run: Path, name: str, content: bytes, folder: Path) -> Path:
    shutil.copytree(run, folder, dirs_exist_ok=True)
    (folder / name).write_bytes(content)
    return folder


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_run_is_whole_before_it_is_damaged(run: Path, language: Language) -> None:
    assert reported(run, language) == (0, "")


@pytest.mark.parametrize(
    ("content", "language", "sentence"),
    [
        (b"{\n", "en", "manifest.json:1 can't be read: from character 3 on, this is not JSON."),
        (b"{\n", "ko", "manifest.json:1: 3번째 문자부터 JSON이 아님"),
        (b"", "en", "manifest.json:1 can't be read: from character 1 on, this is not JSON."),
        (b"", "ko", "manifest.json:1: 1번째 문자부터 JSON이 아님"),
        (b"[]\n", "en", "manifest.json:1 can't be read: array instead of object."),
        (b"[]\n", "ko", "manifest.json:1: 맞지 않는 값: array, 필요한 형식: object"),
        (b"null", "en", "manifest.json:1 can't be read: null instead of object."),
        (b'{"format":1}', "en", "manifest.json:1 can't be read: Manifest: the key run is missing."),
        (b"\xff", "ko", "manifest.json:1: 1번째 바이트부터 UTF-8 텍스트가 아님"),
    ],
)
@pytest.mark.fault("record", "the manifest is damaged", "Exit 3, with the file and what is wrong.")
def test_a_damaged_manifest_is_a_sentence_in_both_languages(
    run: Path, tmp_path: Path, content: bytes, language: Language, sentence: str
) -> None:
    code, words = reported(damaged(run, files.MANIFEST, content, tmp_path), language)
    assert code == 3
    assert sentence in words
    assert bare_codes(words) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.fault(
    "controller",
    "the controller is killed while it writes the folder of a new run",
    "Exit 3 and what is missing: nothing was measured yet.",
)
def test_a_folder_that_a_killed_run_did_not_finish_says_so(run: Path, tmp_path: Path, language: Language) -> None:
    shutil.copytree(run, tmp_path / "run")
    (tmp_path / "run" / files.MANIFEST).unlink()
    code, words = reported(tmp_path / "run", language)
    assert (code, bare_codes(words)) == (3, [])
    assert str(tmp_path / "run") in words
    assert {"en": "killed before it measured", "ko": "강제로 종료"}[language] in words


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_of_something_else_is_named(run: Path, tmp_path: Path, name: str, language: Language) -> None:
    for number, content in enumerate(NOT_JSON):
        if content or name.endswith(".json"):  # a file of lines may be empty
            code, words = reported(damaged(run, name, content + b"\n", tmp_path / str(number)), language)
            assert (code, bare_codes(words)) == (3, []), content[:20]
            assert str(tmp_path / str(number) / name) in words


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("content", [b"", b"{", b"version: 1", b"\xff", b"tests: 7"])
def test_a_damaged_spec_is_named_with_its_places(run: Path, tmp_path: Path, content: bytes, language: Language) -> None:
    code, words = reported(damaged(run, files.SPEC, content, tmp_path), language)
    assert (code, bare_codes(words)) == (3, [])
    assert len(words.splitlines()) > 1
    assert str(tmp_path / files.SPEC) in words


@pytest.mark.parametrize("name", [files.SPEC, files.INVENTORY, files.PLAN])
def test_a_file_that_is_missing_is_named(run: Path, tmp_path: Path, name: str) -> None:
    shutil.copytree(run, tmp_path, dirs_exist_ok=True)
    (tmp_path / name).unlink()
    code, words = reported(tmp_path, "en")
    assert code == 3
    assert name in words


@pytest.mark.parametrize(("found", "instead"), [(b"node-2/0", b"node-9/0"), (b"iperf2", b"iperf9")])
@pytest.mark.parametrize("name", [files.PLAN, files.ROUNDS])
def test_names_that_the_run_does_not_have_are_found(
    old_run: Path, tmp_path: Path, name: str, found: bytes, instead: bytes
) -> None:
    content = (old_run / name).read_bytes()
    assert found in content
    code, words = reported(damaged(old_run, name, content.replace(found, instead), tmp_path), "en")
    assert code == 3
    assert instead.decode().partition("/")[0] in words


def test_a_test_that_the_spec_no_longer_has_is_found(old_run: Path, tmp_path: Path) -> None:
    code, words = reported(damaged(old_run, files.SPEC, dump_spec(spec(TCP)).encode(), tmp_path), "en")
    assert code == 3
    assert f"{tmp_path / files.PLAN}: the probe " in words
    assert f"names {HTTP['name']}, which is no node or test of this run" in words


def test_a_round_that_is_not_planned_and_one_that_comes_twice_are_found(old_run: Path, tmp_path: Path) -> None:
    rounds = (old_run / files.ROUNDS).read_bytes().splitlines(keepends=True)
    plan = (old_run / files.PLAN).read_bytes().splitlines(keepends=True)
    for name, content, said in (
        (files.PLAN, b"".join(plan[1:]), "rounds.jsonl:1 is damaged: the round bandwidth-01 is not in the plan."),
        (files.ROUNDS, b"".join([*rounds, rounds[1]]), "the round bandwidth-02 stands in it twice."),
    ):
        code, words = reported(damaged(old_run, name, content, tmp_path / name), "en")
        assert code == 3
        assert said in words


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.fault("record", "the plan is cut short", "Exit 3: it is not judged as a smaller plan.")
def test_a_plan_that_is_cut_short_is_no_smaller_plan(run: Path, tmp_path: Path, language: Language) -> None:
    content = (run / files.PLAN).read_bytes()
    code, words = reported(damaged(run, files.PLAN, content[: len(content) // 2], tmp_path), language)
    assert (code, bare_codes(words)) == (3, [])
    assert str(tmp_path / files.PLAN) in words


@pytest.mark.slow
@given(name=st.sampled_from(READ), language=st.sampled_from(LANGUAGES), data=st.data())
def test_no_damage_shows_a_traceback_or_a_bare_code(
    run: Path, tmp_path_factory: pytest.TempPathFactory, name: str, language: Language, data: st.DataObject
) -> None:
    content = (run / name).read_bytes()
    at = data.draw(st.integers(0, len(content) - 1))
    until = data.draw(st.integers(at, min(len(content), at + 40)))
    instead = data.draw(st.one_of(st.binary(max_size=3), st.sampled_from([content[:at], content[at:], b"-1", b'""'])))
    folder = damaged(run, name, content[:at] + instead + content[until:], tmp_path_factory.mktemp("damaged"))
    code, words = reported(folder, language)
    # What still is a run is reported: a last line may be torn.
    assert code in (0, 3), words
    assert bare_codes(words) == []
    assert (code == 0) == (words == "")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("name", "text"), [(files.LAB, dump_lab(LabSpec())), (files.CLUSTER, dump_options(KubernetesOptions(Access())))]
)
def test_a_damaged_description_of_the_site_is_named(tmp_path: Path, name: str, text: str, language: Language) -> None:
    for content in (b"{", b"[]", b"\xff", text.encode()[: len(text) // 2] + b"\n{"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(LedgerError) as caught:
            recorded_site(tmp_path, ProviderFlags(), language)
        words = describe_error(caught.value, language)
        assert (caught.value.exit_code, bare_codes(words)) == (3, [])
        assert str(tmp_path / name) in words


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("line", ["{", "[]", '{"node":"a"}', '"x"', "null"])
def test_a_damaged_journal_of_broken_nodes_is_named(tmp_path: Path, line: str, language: Language) -> None:
    journal = Journal(tmp_path)
    journal.write(JournalEntry("a", "reboot", JournalStep.BREAKING, 1.0, "bomb", Duration(60)))
    with journal.path.open("a") as file:
        file.write(line + "\n")
    with pytest.raises(LedgerError) as caught:
        journal.open()
    words = describe_error(caught.value, language)
    assert f"{journal.path}:2" in words
    assert bare_codes(words) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["chaos-breaking", "chaos-failed"])
def test_an_observation_without_its_values_is_named(run: Path, tmp_path: Path, kind: str, language: Language) -> None:
    line = json.dumps({"kind": kind, "subject": "node-1", "at": 1.0, "values": {"fuse": "x"}}).encode() + b"\n"
    code, words = reported(damaged(run, files.OBSERVATIONS, line, tmp_path), language)
    assert (code, bare_codes(words)) == (3, [])
    assert str(tmp_path / files.OBSERVATIONS) in words


def test_a_reason_behind_a_reason_is_kept_and_worded(run: Path) -> None:
    (line,) = (run / files.OBSERVATIONS).read_text().splitlines()
    kept: dict[str, Any] = json.loads(line)["values"]["cause"]
    assert kept == {"code": "codec.missing-key", "values": {"record": "Worker", "key": "mtu"}}
