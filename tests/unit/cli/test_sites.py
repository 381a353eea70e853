"""Which site a command line means, and what is said where it means none or two."""

from __future__ import annotations

from pathlib import Path

import pytest

from clearway.cli.flags import ProviderFlags
from clearway.cli.main import main
from clearway.cli.sites import recorded_site
from clearway.ledger import files
from clearway.site.hosts.model import dump_hosts, load_hosts
from clearway.site.hosts.site import HostsSite

HOSTS = "version: 1\nhosts:\n  - {name: a, address: 192.0.2.1, key: id}\n  - {name: b, address: 192.0.2.2}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "hosts.yaml"
    path.write_text(HOSTS)
    return path


@pytest.mark.parametrize("command", ["run", "plan"])
@pytest.mark.parametrize(
    "other", [("--lab",), ("--lab-file", "lab.yaml"), ("--kubeconfig", "config"), ("--in-cluster",)]
)
def test_hosts_beside_another_site_are_refused(
    command: str, other: tuple[str, ...], file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "--hosts", str(file), *other, "--lang", "en"]) == 2
    assert "More than one place to measure was named." in capsys.readouterr().err


def test_a_check_wants_either_hosts_or_a_cluster(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--hosts", str(file), "--in-cluster", "--lang", "en"]) == 2
    assert main(["check", "--lang", "en"]) == 2
    assert "`--hosts hosts.yaml`" in capsys.readouterr().err


@pytest.mark.parametrize("words", [("run", "--lab"), ("run", "--hosts", "FILE"), ("check", "--hosts", "FILE")])
def test_a_provider_without_a_cluster_is_refused_rather_than_passed_over(
    words: tuple[str, ...], file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = [word.replace("FILE", str(file)) for word in words]
    assert main([*argv, "--provider-configs=SSH_USER=me", "--lang", "en"]) == 2
    assert "A provider was named, but no cluster." in capsys.readouterr().err


def test_a_wrong_hosts_file_is_reported_with_its_place(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(HOSTS.replace("name: b", "nam: b"))
    assert main(["plan", "--hosts", str(file), "--lang", "en"]) == 2
    assert f"{file}:4:6: There is no key nam here." in capsys.readouterr().err


def test_the_hosts_of_a_run_are_found_in_its_directory(file: Path, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / files.HOSTS).write_text(dump_hosts(load_hosts(file)))
    selected = recorded_site(tmp_path / "run", ProviderFlags(), "en")
    assert isinstance(selected.site, HostsSite)
    assert load_hosts(tmp_path / "run" / files.HOSTS).hosts[0].key == tmp_path / "id"
