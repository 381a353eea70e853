"""What the documentation promises is what the program has."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from cyclopts import Argument

from clearway.cl2.measurements.table import WITH_CHAOS
from clearway.cli.app import app
from clearway.shell.node_access import CONFIGS
from clearway.shell.providers import PROVIDERS, Feature, Provider
from clearway.spec.fields import written_fields
from meta.tree import ROOT
from scripts.pages.__main__ import MADE

COMMANDS = sorted(name for name in app if not name.startswith("-"))


@cache
def documentation() -> str:
    return "\n".join(path.read_text() for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))))


def arguments(command: str) -> Iterator[Argument]:
    return (argument for argument in app[command].assemble_argument_collection() if argument.show)


def is_flag(argument: Argument) -> bool:
    return argument.field_info.is_keyword_only


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_and_all_its_arguments_say_what_they_do(command: str) -> None:
    assert app[command].help
    assert [argument.name for argument in arguments(command) if not argument.parameter.help] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_and_all_its_flags_are_documented(command: str) -> None:
    assert f"clearway {command}" in documentation()
    names = [argument.name for argument in arguments(command) if is_flag(argument)]
    assert [name for name in names if name not in documentation()] == []


@pytest.mark.parametrize("provider", PROVIDERS.values(), ids=lambda row: row.name)
def test_a_provider_is_documented_with_its_way_and_its_keys(provider: Provider) -> None:
    page = (ROOT / "docs" / "nodes.md").read_text()
    (row,) = [line for line in page.splitlines() if line.startswith("| `") and f"`{provider.name}`" in line]
    assert [name for name in provider.key_variables if f"`{name}`" not in row] == []
    assert provider.user is None or f"`{provider.user}`" in row
    assert ("none: " in row) == (provider.route is None)
    breaking, kernel_log = row.split(" | ")[-2:]
    assert breaking.startswith("yes") == (Feature.NODE_KILLER in provider.features)
    assert kernel_log.startswith("yes") == (Feature.KERNEL_LOG in provider.features)


def test_every_provider_config_is_documented() -> None:
    page = (ROOT / "docs" / "nodes.md").read_text()
    assert [name for name in CONFIGS if f"`{name}`" not in page] == []


@pytest.mark.parametrize("file", MADE, ids=lambda file: file.name)
def test_what_is_made_of_the_source_is_as_the_source_is_now(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert MADE[file](text) == text


@pytest.mark.parametrize("method", WITH_CHAOS)
def test_a_measurement_is_documented_with_its_actions_and_params(method: str) -> None:
    page = (ROOT / "docs" / "clusterloader2.md").read_text()
    (row,) = [line for line in page.splitlines() if line.startswith(f"| `{method}` |")]
    actions = WITH_CHAOS[method].actions
    names = [*filter(None, actions), *(name for model in actions.values() for name in written_fields(model))]
    unsaid = {"namespace"} if method == "WaitForNodes" else set()
    assert [name for name in names if f"`{name}`" not in row and name not in unsaid] == []
