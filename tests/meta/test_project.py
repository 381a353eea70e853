"""pyproject.toml, the pinned requirements, the version and the change log agree."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

import clearway
from meta.tree import PACKAGE, ROOT

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
CHANGES = (ROOT / "CHANGELOG.md").read_text()
PIN = re.compile(r"^([a-z0-9-]+)==(\S+)(?: ; [^\\]+)? \\$")
FORMS = [path for path in sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml")) if path.stem != "config"]
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")

THINKING = {"spec", "pairing", "plan", "ledger.read", "ledger.record", "verdict", "diagnose", "report", "engine"}
TOUCHING = {"run", "chaos", "watch", "site", "kube", "shell"}
JUDGING = {"verdict", "diagnose", "report"}


def pins(kind: str) -> dict[str, str]:
    lines = (ROOT / "requirements" / f"{kind}.txt").read_text().splitlines()
    return {found[1]: found[2] for line in lines if (found := PIN.match(line))}


def group(name: str) -> list[Requirement]:
    entries = PROJECT["dependency-groups"][name]
    return [Requirement(entry) for entry in entries if isinstance(entry, str)]


def wanted(kind: str) -> list[Requirement]:
    of_runtime = [Requirement(entry) for entry in PROJECT["project"]["dependencies"]] + group("build")
    return of_runtime if kind == "runtime" else of_runtime + group("dev")


@pytest.mark.parametrize("kind", ["runtime", "dev"])
def test_requirements_hold_pins_and_hashes_and_nothing_else(kind: str) -> None:
    lines = (ROOT / "requirements" / f"{kind}.txt").read_text().splitlines()
    assert [line for line in lines if not PIN.match(line) and not HASH.match(line)] == []


@pytest.mark.parametrize("kind", ["runtime", "dev"])
def test_every_dependency_is_pinned_to_a_version_that_it_allows(kind: str) -> None:
    pinned = pins(kind)
    assert [str(need) for need in wanted(kind) if not need.specifier.contains(pinned.get(need.name, ""))] == []


def test_development_runs_on_the_versions_that_users_get() -> None:
    assert pins("runtime").items() <= pins("dev").items()


def test_the_version_is_one() -> None:
    assert PROJECT["project"]["version"] == clearway.__version__


def test_the_change_log_has_the_unreleased_changes_above_this_version() -> None:
    headings = re.findall(r"^## (\S+)", CHANGES, flags=re.MULTILINE)
    assert headings[:2] == ["Unreleased", clearway.__version__]


def test_every_version_of_the_change_log_has_its_date() -> None:
    versions = re.findall(r"^## (?!Unreleased)(.*)", CHANGES, flags=re.MULTILINE)
    assert all(re.fullmatch(r"\d+\.\d+\.\d+ - \d{4}-\d{2}-\d{2}", version) for version in versions)


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.name)
def test_an_issue_form_loads_and_asks_for_something(form: Path) -> None:
    read = yaml.safe_load(form.read_text())
    fields = [field for field in read["body"] if field["type"] != "markdown"]
    assert read["name"]
    assert read["description"]
    assert any(field.get("validations", {}).get("required") for field in fields)
    assert len({field["id"] for field in fields}) == len(fields)


def test_every_ignored_rule_has_its_reason_beside_it() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    rules = re.findall(r'^    "[A-Z]+[0-9]*",.*$', text, flags=re.MULTILINE)
    old_python = {"PYI019", "UP006", "UP007", "UP035", "UP045"}  # said once, above the table
    assert [rule for rule in rules if "#" not in rule and rule.split('"')[1] not in old_python] == []


@pytest.mark.parametrize(
    ("contract", "side", "design"),
    [
        ("heads", "source_modules", THINKING),
        ("hands", "source_modules", TOUCHING),
        ("hands", "forbidden_modules", JUDGING),
    ],
)
def test_a_contract_covers_every_folder_that_exists(contract: str, side: str, design: set[str]) -> None:
    (rules,) = [rules for rules in PROJECT["tool"]["importlinter"]["contracts"] if rules["id"] == contract]
    existing = {name for name in design if exists(name)}
    assert set(rules[side]) == {f"clearway.{name}" for name in existing}


def exists(name: str) -> bool:
    place = PACKAGE / name.replace(".", "/")
    return place.with_suffix(".py").is_file() or (place / "__init__.py").is_file()
