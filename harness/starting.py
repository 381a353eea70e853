"""From nothing to a cluster whose nodes take pods."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from harness.api import Api
from harness.certificates import make_authority
from harness.cgroups import make_cgroups
from harness.cluster import GIVEN, Cluster, Node, remember_nodes, workplace
from harness.daemons import (
    Workplace,
    apiserver,
    containerd,
    controller_manager,
    etcd,
    kubelet,
    proxy,
    scheduler,
)
from harness.failure import HarnessError, last_words
from harness.machinery import Machinery
from harness.overlay import overlay_settings, overlay_steps
from harness.policy_engine import start_policy_engine
from harness.programs import built_programs
from harness.services import give_systemctl
from harness.spec import API_PORT, IPV4, ClusterSpec, NodeSpec
from harness.topology import fabric_steps, machine_steps, shaping_steps


@contextmanager
def running_cluster(spec: ClusterSpec) -> Iterator[Cluster]:
    """A cluster, up and then gone. Skips the test where another one is given. Raises HarnessError."""
    if Cluster.given() is not None:
        pytest.skip(f"needs a cluster made for it, and {GIVEN} gives another")
    cluster = start_cluster(spec)
    try:
        yield cluster
    finally:
        cluster.close()


def start_cluster(spec: ClusterSpec) -> Cluster:
    """All nodes are Ready and take pods. Raises HarnessError, with the last words of what failed."""
    programs = built_programs()
    machinery = Machinery.start()
    try:
        (machinery.folder / "configs").mkdir()
        make_authority(machinery.folder / "pki", spec.resolved())
        _Start(spec, machinery, workplace(machinery, programs, spec.ip)).run()
        cluster = Cluster.of(machinery)
        _furnish(cluster, spec)
    except BaseException:
        machinery.close()
        raise
    return cluster


def _furnish(cluster: Cluster, spec: ClusterSpec) -> None:
    """What add-ons bring, beyond what a cluster needs to take pods."""
    if spec.overlay is not None:
        everything = {"apiVersion": "v1", "kind": "List", "items": overlay_settings(spec.ip)}
        cluster.kubectl("create", "-f", "-", text=json.dumps(everything))
    if spec.policies:
        start_policy_engine(cluster)


@dataclass(frozen=True)
class _Start:
    spec: ClusterSpec
    machinery: Machinery
    place: Workplace

    def run(self) -> None:
        """The API server comes first: all wait for it, and it takes longest."""
        nodes = self.spec.resolved()
        make_cgroups(self.machinery.folder.name, self.machinery.keeper, [node.name for node in nodes])
        self.machinery.take(fabric_steps(self.spec.ip))
        api = self._start_control_plane()
        self._make_machines(nodes)
        give_systemctl(self.machinery.folder)
        self._start_runtimes(nodes)
        self._wait_for_api(api)
        for daemon in (controller_manager(self.place, self.spec.silence), scheduler(self.place)):
            self.machinery.start_daemon(daemon)
        for node in nodes:
            self.machinery.start_daemon(kubelet(self.place, node))
            self.machinery.start_daemon(proxy(self.place, node))
        self._wait_for_nodes(api, {node.name for node in nodes})

    def _make_machines(self, nodes: tuple[NodeSpec, ...]) -> None:
        for node in nodes:
            self.machinery.take((*machine_steps(node, nodes), *overlay_steps(node, nodes)))
        if self.spec.rate is not None:
            self.machinery.take(shaping_steps(nodes, self.spec.rate))
        remember_nodes(self.machinery, nodes)

    def _start_control_plane(self) -> Api:
        self.machinery.start_daemon(etcd(self.place))
        self.machinery.start_daemon(apiserver(self.place))
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            self.machinery.forward(listener, IPV4.api, API_PORT)
        self.place.authority.write_kubeconfig("admin", f"https://127.0.0.1:{port}", "user")
        return Api(self.place.authority)

    def _start_runtimes(self, nodes: tuple[NodeSpec, ...]) -> None:
        """Pods need their pause image; it is there before the first kubelet is."""
        for node in nodes:
            self.machinery.start_daemon(containerd(self.place, node))
        machines = [Node(self.machinery, node) for node in nodes]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda node: node.load_image(self.place.programs.pause_image), machines))

    def _wait_for_api(self, api: Api) -> None:
        with self._explaining("apiserver"):
            api.wait_until_ready(lambda: "apiserver" in self.machinery.running())

    def _wait_for_nodes(self, api: Api, names: set[str]) -> None:
        with self._explaining(*(f"kubelet-{name}" for name in sorted(names))):
            api.wait_for_nodes(names)

    @contextmanager
    def _explaining(self, *daemons: str) -> Iterator[None]:
        try:
            yield
        except HarnessError as error:
            running = self.machinery.running()
            logs = [f"{name}:\n{last_words(self.machinery.log(name))}" for name in daemons]
            raise HarnessError("\n".join((str(error), f"running: {', '.join(running)}", *logs))) from None
