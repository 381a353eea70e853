"""Help: for every command, in every usual way, on a terminal of 80 columns, with examples that parse."""

from __future__ import annotations

import shlex
import subprocess
import sys
from functools import partial

import pytest

from clearway import __version__
from clearway.cli.app import app
from clearway.cli.commands import COMMANDS
from clearway.cli.main import main

GROUPS_OF_RUN = ("What to measure", "Which nodes", "Workers", "The network in use", "Chaos", "Output")
MOST_USED = ("run", "report")
slow = partial(pytest.param, marks=pytest.mark.slow)
SHELL_SIGNS = (">", "|")


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(words) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("command", COMMANDS)
def test_a_commands_help_fits_80_columns_and_shows_only_defaults_that_say_something(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = said(capsys, command, "--help")
    assert text.startswith(f"Usage: clearway {command} ")
    assert [line for line in text.splitlines() if len(line) > 80] == []
    assert [noise for noise in ("()", "False", "None", "True") if f"[default: {noise}" in text] == []


@pytest.mark.parametrize("command", [*MOST_USED, *(slow(name) for name in COMMANDS if name not in MOST_USED)])
def test_help_is_asked_for_by_flag_short_flag_and_word(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, command, "--help")
    assert said(capsys, command, "-h") == text
    assert said(capsys, "help", command) == text


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_has_one_or_two_examples_which_parse(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    examples = COMMANDS[command].examples
    _, _, listed = said(capsys, command, "--help").partition("Examples:\n")
    assert listed.splitlines() == [f"  clearway {example}" for example in examples]
    assert len(examples) in (1, 2)
    for example in examples:
        words = shlex.split(example)
        ends = min((words.index(sign) for sign in SHELL_SIGNS if sign in words), default=len(words))
        called, _, _ = app.parse_args(words[:ends], exit_on_error=False, print_error=False)
        assert (words[0], called.__name__) == (command, command.replace("-", "_"))


def test_the_flags_of_a_run_come_in_groups(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "run", "--help")
    places = [text.index(f"─ {group} ─") for group in GROUPS_OF_RUN]
    assert places == sorted(places)
    assert "─ Parameters ─" not in text


def test_the_overview_fits_80_columns_and_is_asked_for_by_flag_short_flag_and_word(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = said(capsys)
    assert [line for line in text.splitlines() if len(line) > 80] == []
    assert [said(capsys, word) for word in ("--help", "-h", "help")] == [text] * 3


def test_the_version_is_asked_for_by_flag_and_word(capsys: pytest.CaptureFixture[str]) -> None:
    assert [said(capsys, word) for word in ("--version", "version")] == [f"{__version__}\n"] * 2


def test_the_overview_loads_no_library_that_a_command_needs() -> None:
    """Loading them takes longer than a tenth of a second."""
    script = "import sys; from clearway.cli.main import main; main(['--help']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30)
    loaded = {name.partition(".")[0] for name in done.stderr.split()}
    assert loaded & {"aiohttp", "cyclopts", "kubernetes_asyncio", "msgspec", "pydantic", "rich", "yaml"} == set()
