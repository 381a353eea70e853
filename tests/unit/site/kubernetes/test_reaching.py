"""The nodes of a cluster as machines: reached by the addresses that the API has, over a real sshd."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from api_objects import Json
from api_server import ApiServer, api_server
from clearway.kube.access import Access
from clearway.probe.records import Finding
from clearway.shell.base import CommandOutput, NotRun, ShellCommand
from clearway.shell.node_access import node_access
from clearway.shell.providers import PROVIDERS, Feature, provider_named
from clearway.site.kubernetes import names
from clearway.site.kubernetes.cluster_scope import crd
from clearway.site.kubernetes.node_shell import NodesShell, kernel_shell, node_shell
from clearway.site.kubernetes.options import KubernetesOptions
from kubelets import kubelets
from sshd import Keys, Sshd, free_port, login, serving
from unit.cl2.doors import answered, call

HERE = {"node-1": "127.0.3.1", "node-2": "127.0.3.2"}
WHERE = ShellCommand(("sh", "-c", "echo $SSH_CONNECTION"))


def node(name: str, address: str | None) -> Json:
    addresses = [{"type": "InternalIP", "address": address}] if address else []
    ready = [{"type": "Ready", "status": "True"}]
    return {"metadata": {"name": name}, "spec": {}, "status": {"addresses": addresses, "conditions": ready}}


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with api_server() as running:
        for name, address in HERE.items():
            running.put(names.NODES, node(name, address))
        running.put(names.CRDS, crd("install"))
        for name in ("clearway", "kube-system"):
            running.put(names.NAMESPACES, {"metadata": {"name": name}})
        yield running


@pytest.fixture
def options(server: ApiServer, tmp_path: Path) -> KubernetesOptions:
    return KubernetesOptions(Access(server.kubeconfig(tmp_path)))


@pytest.fixture(scope="module")
def configs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, ...]]:
    """How the nodes are entered; an sshd is at both addresses."""
    folder = tmp_path_factory.mktemp("nodes")
    keys = Keys.made(folder / "keys")
    first, *others = HERE.values()
    both = Sshd(keys, folder / "sshd", first, free_port(), tuple(others))
    keys.remember(both)
    with serving(both):
        yield (
            f"SSH_USER={login()}",
            f"SSH_KEY={keys.user}",
            f"SSH_PORT={both.port}",
            f"SSH_KNOWN_HOSTS={keys.known_hosts}",
        )


def untold(finding: Finding) -> None:
    """Nobody listens."""


async def test_each_node_is_entered_at_its_own_address(
    options: KubernetesOptions, configs: tuple[str, ...], server: ApiServer
) -> None:
    server.put(names.NODES, node("node-3", None))
    shell = NodesShell(options, node_access(provider_named("on-premises"), configs, {}), untold)
    for name, address in HERE.items():
        answer = await shell.run(name, WHERE)
        assert isinstance(answer, CommandOutput)
        assert answer.stdout.split()[2] == address
    answer = await shell.run("node-3", WHERE)
    assert isinstance(answer, NotRun)
    assert answer.reason.code == "shell.unknown-node"
    await shell.close()


async def test_an_api_that_cannot_be_asked_is_why_nothing_runs(tmp_path: Path, configs: tuple[str, ...]) -> None:
    nowhere = KubernetesOptions(Access(tmp_path / "nowhere"))
    shell = NodesShell(nowhere, node_access(provider_named("aws"), configs, {}), untold)
    answer = await shell.run("node-1", WHERE)
    assert isinstance(answer, NotRun)
    assert answer.reason.code.startswith("kube.")
    await shell.close()


async def test_a_rehearsal_lists_the_commands_and_logs_in_nowhere(
    options: KubernetesOptions, configs: tuple[str, ...]
) -> None:
    told: list[Finding] = []
    made = node_access(provider_named("skeleton"), (*configs, "SSH_PORT=1"), {})
    shell, nodes = await node_shell(options, made, told.append, rehearsed=True)
    assert [await shell.run(one.name, WHERE) for one in nodes] == [CommandOutput(0), CommandOutput(0)]
    assert [(finding.code, finding.subject) for finding in told] == [("shell.would-run", name) for name in HERE]
    assert all(address in finding.values["command"] for finding, address in zip(told, HERE.values(), strict=True))
    await shell.close()


def test_kernel_logs_are_read_only_where_they_are_the_nodes_own_and_the_login_is_known(
    options: KubernetesOptions,
) -> None:
    looked_at = {
        name: kernel_shell(options, node_access(row, ("SSH_USER=me",), {}), untold) is not None
        for name, row in PROVIDERS.items()
    }
    assert looked_at == {name: Feature.KERNEL_LOG in row.features for name, row in PROVIDERS.items()}
    assert kernel_shell(options, node_access(provider_named("skeleton"), (), {}), untold) is None
    assert (
        kernel_shell(options, node_access(provider_named("skeleton"), (), {"KUBE_SSH_USER": "me"}), untold) is not None
    )
    assert kernel_shell(options, None, untold) is None


@pytest.mark.slow
def test_a_run_through_the_door_looks_into_the_nodes_kernel_logs(
    server: ApiServer, tmp_path: Path, configs: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As whoever the tests run as: where that is not root, the log may be closed, and that is said too."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CL2_DURATION", "1500ms")
    words = (
        "--testconfig=testing/network/config.yaml",
        "--provider=skeleton",
        f"--provider-configs={','.join(configs)}",
    )
    with kubelets(server, tmp_path, tuple(HERE), answer=answered):
        assert call(server.kubeconfig(tmp_path), *words) == 0
    (file,) = (tmp_path / "out").glob("NetworkPerformanceMetrics_*/observations.jsonl")
    seen = [json.loads(line) for line in file.read_text().splitlines()]
    kernel = [one for one in seen if one["subject"] == "kernel-log"]
    assert {one["values"]["scope"] for one in kernel} == set(HERE)
    assert not any("shell." in str(one["values"].get("cause")) for one in kernel)
