"""What the lab says where this machine can't hold one."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from clearway.base.errors import SiteError
from clearway.base.units import Duration
from clearway.site.lab import control
from clearway.site.lab.model import LabSpec, Link
from clearway.site.lab.site import LabSite


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of programs that do nothing, the only ones there are."""
    for tool in control.PACKAGES:
        _program(tmp_path / tool, "exit 0")
    monkeypatch.setattr(control, "search_path", lambda environment: str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def _program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


def _refusal(lab: LabSpec) -> SiteError:
    with pytest.raises(SiteError) as refused:
        control.namespace_entry(lab)
    return refused.value


@pytest.mark.parametrize(("tool", "package"), [("tc", "iproute2"), ("nft", "nftables"), ("unshare", "util-linux")])
def test_a_missing_tool_is_named_with_its_package(tools: Path, tool: str, package: str) -> None:
    (tools / tool).unlink()
    error = _refusal(LabSpec())
    assert (error.code, error.values) == ("lab.tool-missing", {"tool": tool, "package": package})


def test_a_refusing_kernel_is_quoted_and_the_closed_sysctl_named(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _program(tools / "unshare", "echo 'unshare failed: Operation not permitted' >&2; exit 1")
    gates = tools / "sys"
    (gates / "user").mkdir(parents=True)
    (gates / "user/max_user_namespaces").write_text("0\n")
    monkeypatch.setattr(control, "SYSCTLS", gates)
    error = _refusal(LabSpec())
    assert error.code == "lab.namespaces-refused"
    assert error.values == {
        "stderr": "unshare failed: Operation not permitted",
        "sysctl": "user.max_user_namespaces=0",
    }


def test_a_refusing_kernel_without_a_closed_sysctl_names_none(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _program(tools / "unshare", "exit 1")
    monkeypatch.setattr(control, "SYSCTLS", tools / "none")
    assert _refusal(LabSpec()).values["sysctl"] is None


def test_root_that_may_not_make_namespaces_tries_as_a_user(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _program(tools / "unshare", 'case "$*" in *--map-root-user*) exit 0;; *) exit 1;; esac')
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert control.namespace_entry(LabSpec()).rootless


def test_a_user_never_tries_as_root(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert control.namespace_entry(LabSpec()).rootless


async def test_a_delay_without_netem_is_refused_before_anything_starts(tools: Path) -> None:
    _program(tools / "unshare", 'case "$*" in *netem*) echo "kind is unknown" >&2; exit 2;; *) exit 0;; esac')
    lab = LabSpec(link=Link(delay=Duration(0.01)))
    for ask in (LabSite(lab, log=lambda _: None).inspect(), LabSite(lab, log=lambda _: None).start([])):
        with pytest.raises(SiteError) as refused:
            await ask
        assert refused.value.code == "lab.no-netem"
        assert refused.value.values == {"stderr": "kind is unknown", "kernel": os.uname().release}


async def test_inspect_shows_zones_and_shaped_rates_and_starts_nothing(tools: Path) -> None:
    inventory = await LabSite(LabSpec(), log=lambda _: None).inspect()
    assert [(node.name, node.zone, str(node.link)) for node in inventory.nodes][1:3] == [
        ("node-2", "zone-a", "1.00 Gbit/s"),
        ("node-3", "zone-b", "1.00 Gbit/s"),
    ]
