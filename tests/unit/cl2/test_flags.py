"""Flags as ClusterLoader2's users write them: read, told of, or refused with a reason."""

from __future__ import annotations

from typing import Any

import pytest
from cyclopts import CycloptsError

from clearway.base.errors import UsageError
from clearway.cl2.flags import FLAGS, Treatment, refuse, without_effect
from clearway.cl2.options import Conflicts, options
from clearway.cli.clusterloader2 import command
from clearway.probe.records import Severity
from clearway.report.wording import LANGUAGES, Language, knows


def given(line: str) -> dict[str, Any]:
    found: dict[str, Any] = command(FLAGS)(line.split(), exit_on_error=False, print_error=False)
    return found


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("-v=2", {"v": 2}),
        ("--v=2", {"v": 2}),
        ("--v 2", {"v": 2}),
        ("-v 2", {"v": 2}),
        ("--nodes 5 --provider=skeleton", {"nodes": 5, "provider": "skeleton"}),
        ("-nodes=5", {"nodes": 5}),
        ("--dry-run", {"dry-run": True}),
        ("--dry-run=false", {"dry-run": False}),
        ("--dry-run=T --run-from-cluster=0", {"dry-run": True, "run-from-cluster": False}),
        ("--testconfig=a --testconfig b", {"testconfig": ("a", "b")}),
        ("--testconfig=a,b", {"testconfig": ("a,b",)}),
        ("--masterip=1.1.1.1,2.2.2.2 --masterip=3.3.3.3", {"masterip": ("1.1.1.1", "2.2.2.2", "3.3.3.3")}),
        ("--log_dir=x --logtostderr", {"log_dir": "x", "logtostderr": True}),
        ("--kubeconfig=", {"kubeconfig": ""}),
    ],
)
def test_a_line_is_read_as_go_reads_it(here: object, line: str, read: dict[str, Any]) -> None:
    assert given(line) == read


@pytest.mark.parametrize("line", ["--nodse=3", "--dry-run false", "word", "--nodes=many", "--v"])
def test_what_go_refuses_is_refused(here: object, line: str) -> None:
    with pytest.raises(CycloptsError):
        given(line)


def test_the_environment_says_what_the_line_does_not(here: object, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in {"NUM_NODES": "7", "RUN_FROM_CLUSTER": "true", "MASTER_IP": "a,b", "KUBECONFIG": "f"}.items():
        monkeypatch.setenv(name, text)
    read = given("--nodes=3")
    assert read == {"nodes": 3, "run-from-cluster": True, "masterip": ("a", "b"), "kubeconfig": "f"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_flag_says_what_it_does_or_why_it_does_nothing(language: Language) -> None:
    assert [flag.name for flag in FLAGS if not knows(flag.code, language)] == []


def test_no_flag_stands_in_the_table_twice() -> None:
    assert len({flag.name for flag in FLAGS}) == len(FLAGS)


@pytest.mark.parametrize("flag", [flag for flag in FLAGS if flag.treatment is Treatment.REFUSED], ids=lambda f: f.name)
def test_what_this_door_does_not_do_is_refused_only_where_it_is_asked_for(flag: Any) -> None:
    refuse({flag.name: False})
    with pytest.raises(UsageError) as caught:
        refuse({flag.name: True})
    assert caught.value.values["flags"] == (f"--{flag.name}",)


def test_a_flag_without_effect_is_reported_and_less_so_from_the_environment() -> None:
    told = {flag.name: severity for flag, severity in without_effect({"port": 1, "masterip": "x"}, {"MASTER_IP": "x"})}
    assert told == {"port": Severity.WARNING, "masterip": Severity.INFO}


def test_everything_that_is_wrong_with_the_flags_is_reported_at_once() -> None:
    with pytest.raises(Conflicts) as caught:
        options({"provider": "moon", "enable-prometheus-server": True, "settings": "fast", "tolerate": (":x",)})
    codes = {error.code for error in caught.value.errors}
    assert codes == {
        "door.flags-refused",
        "kubernetes.not-a-toleration",
        "door.no-cluster",
        "door.config-or-suite",
        "provider.unknown",
        "door.unknown-settings",
    }


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"kubeconfig": "f", "run-from-cluster": True, "testconfig": ("a",)}, "door.two-clusters"),
        ({"kubeconfig": "f", "testconfig": ("a",), "testsuite": "s"}, "door.config-or-suite"),
        ({"testconfig": ("a",)}, "door.no-cluster"),
    ],
)
def test_flags_that_contradict_each_other_are_refused(wrong: dict[str, Any], code: str) -> None:
    with pytest.raises(UsageError) as caught:
        options(wrong)
    assert caught.value.code == code


def test_a_dry_run_needs_no_cluster() -> None:
    assert options({"testconfig": ("a",), "dry-run": True}).dry_run
