"""`clearway image`: the command for every runtime, run on request, and no archive is said with the way to one."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from clearway.base.errors import SiteError, UsageError
from clearway.cli.image import LOADERS, Runtime, image
from clearway.site.kubernetes.options import IMAGE, cache


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "an image.tar"
    path.touch()
    return path


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder that programs are found in."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def make(tool: Path, script: str) -> None:
    tool.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    tool.chmod(0o755)


@pytest.mark.parametrize("runtime", LOADERS)
def test_the_command_can_be_pasted_into_a_shell(
    runtime: Runtime, archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert image(runtime, archive=archive) == 0
    words = shlex.split(capsys.readouterr().out)
    assert str(archive) in words
    assert "" not in words


def test_without_a_runtime_all_are_shown_beside_the_image_s_name(
    archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert image(archive=archive, lang="en") == 0
    shown = capsys.readouterr().out
    assert [runtime for runtime in LOADERS if f"  {runtime} " not in shown] == []
    assert IMAGE in shown


def test_a_cluster_of_kind_has_its_own_name(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image("kind", archive=archive, cluster="mine")
    assert shlex.split(capsys.readouterr().out)[-1] == "mine"


def test_load_runs_the_command(archive: Path, tools: Path, tmp_path: Path) -> None:
    make(tools / "podman", f'echo "$3" >{tmp_path}/loaded')
    assert image("podman", archive=archive, load=True) == 0
    assert (tmp_path / "loaded").read_text().strip() == str(archive)


def test_a_tool_that_fails_is_no_success(archive: Path, tools: Path) -> None:
    make(tools / "docker", "exit 7")
    with pytest.raises(SiteError) as refused:
        image("docker", archive=archive, load=True)
    assert refused.value.code == "image.not-loaded"
    assert refused.value.values["exit"] == 7


def test_a_tool_that_is_not_here_is_named(archive: Path, tools: Path) -> None:
    with pytest.raises(SiteError) as refused:
        image("kind", archive=archive, load=True)
    assert refused.value.code == "image.no-tool"
    assert refused.value.values["tool"] == "kind"


def test_load_has_to_know_where_to(archive: Path) -> None:
    with pytest.raises(UsageError) as refused:
        image(archive=archive, load=True)
    assert refused.value.code == "image.load-where"


def test_no_archive_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(UsageError) as refused:
        image()
    assert refused.value.code == "image.no-archive"


def test_the_archive_that_was_made_last_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cache().mkdir(parents=True)
    (cache() / "worker-1.oci.tar").touch()
    image("docker")
    assert capsys.readouterr().out.split()[-1] == str(cache() / "worker-1.oci.tar")
