"""A cluster as a test has it: one that was started here, or one that its kubeconfig names."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from clearway.base.units import Rate
from harness.api import Api
from harness.certificates import Authority
from harness.cgroups import cgroup_of, processes_of
from harness.daemons import Workplace, containerd_socket, kwok, pod_network, pod_network_file, watches_the_api
from harness.failure import CommandFailed
from harness.hollow import hollow_nodes
from harness.machinery import Machinery
from harness.programs import Programs, built_programs
from harness.spec import MAIN, Fabric, NodeSpec
from harness.topology import block_step, hush_step, link_step, shaping_steps, unblock_step

GIVEN = "CLEARWAY_TEST_KUBECONFIG"
"""The environment variable that names a cluster's kubeconfig; the tests run there then."""
_LISTENS_WITHIN, _LOOK_EVERY = 30.0, 0.2
"""Seconds for a containerd that was just started, and between two tries: it takes about one on a quiet machine."""


@dataclass(frozen=True)
class Node:
    """A machine of a cluster that was started here."""

    machinery: Machinery
    spec: NodeSpec

    @property
    def name(self) -> str:
        return self.spec.name

    def execute(self, argv: Sequence[str], *, text: str = "", timeout: float = 30.0) -> str:
        """What a command printed on this node, as root, in its network. Raises CommandFailed."""
        return self.machinery.run(argv, self.name, text=text, timeout=timeout)

    def open(self, argv: Sequence[str]) -> subprocess.Popen[str]:
        """A command left running on this node, a capture for instance; the caller ends it."""
        return self.machinery.open(argv, self.name)

    def load_image(self, archive: Path) -> None:
        """Import an OCI or docker archive; plain or gzipped. A containerd that was just started may still refuse."""
        into = ("ctr", f"--address={containerd_socket(self.spec)}", "--connect-timeout=30s", "--namespace=k8s.io")
        until = time.monotonic() + _LISTENS_WITHIN
        while True:
            try:
                self.machinery.run((*into, "images", "import", str(archive)), self.name, timeout=120)
            except CommandFailed as failed:
                # containerd's socket is there a moment before it listens.
                if "connection refused" not in failed.stderr or time.monotonic() > until:
                    raise
                time.sleep(_LOOK_EVERY)
            else:
                return

    def cut(self, fabric: Fabric = MAIN) -> None:
        """Pull its link out."""
        self.machinery.take([link_step(self.spec, "down", fabric)])

    def mend(self, fabric: Fabric = MAIN) -> None:
        """Put its link back."""
        self.machinery.take([link_step(self.spec, "up", fabric)])

    def block_pods_of(self, other: Node) -> None:
        """Drop what `other`'s pods send here; thus nothing connects either way."""
        self.machinery.take([block_step(self.spec, other.spec)])

    def hush(self) -> None:
        """No longer say that a packet is too big: where its pods' MTU is bigger than the tunnel's, a black hole."""
        self.machinery.take([hush_step(self.spec)])

    def give_pods_mtu(self, mtu: int) -> None:
        """Of pods that start from now on, whatever the way between nodes carries."""
        settings = pod_network_file(self.machinery.folder / "configs", self.spec)
        new = settings.with_suffix(".new")
        new.write_text(json.dumps(pod_network(self.spec, mtu)))
        new.replace(settings)

    def unblock(self) -> None:
        """Let everything in again, and say everything."""
        self.machinery.take([unblock_step(self.spec)])


class Cluster:
    """What tests need of a cluster. Asking a given one for its machines skips the test and says why."""

    def __init__(self, kubeconfig: Path, machinery: Machinery | None = None) -> None:
        self.kubeconfig = kubeconfig
        self._own = machinery

    @classmethod
    def given(cls) -> Cluster | None:
        """The one that CLEARWAY_TEST_KUBECONFIG names, if it is set."""
        return cls(Path(os.environ[GIVEN])) if os.environ.get(GIVEN) else None

    @classmethod
    def of(cls, machinery: Machinery) -> Cluster:
        """One that was started here, maybe by another process."""
        return cls(machinery.folder / "pki" / "user.kubeconfig", machinery)

    @property
    def machinery(self) -> Machinery:
        if self._own is None:
            pytest.skip(f"needs the cluster's machines, and {GIVEN} gives a cluster by its API alone")
        return self._own

    @property
    def inside_kubeconfig(self) -> Path:
        """For programs that run in the cluster's own network (`execute`, nodes)."""
        return self.machinery.folder / "pki" / "admin.kubeconfig"

    @property
    def nodes(self) -> Mapping[str, Node]:
        """Those that are machines here, by name."""
        written = json.loads((self.machinery.folder / "nodes.json").read_text())
        specs = [NodeSpec(**node) for node in written]
        return {spec.name: Node(self.machinery, spec) for spec in specs}

    def node(self, name: str) -> Node:
        return self.nodes[name]

    def kubectl(self, *arguments: str, text: str = "", timeout: float = 60.0) -> str:
        """What kubectl printed, `text` on its input. Raises CommandFailed."""
        argv = (self._kubectl(), f"--kubeconfig={self.kubeconfig}", f"--request-timeout={timeout:.0f}s", *arguments)
        ran = subprocess.run(argv, input=text, capture_output=True, text=True, timeout=timeout + 5, check=False)
        if ran.returncode != 0:
            raise CommandFailed(("kubectl", *arguments), ran.returncode, ran.stdout, ran.stderr)
        return ran.stdout

    def execute(self, argv: Sequence[str], *, text: str = "", timeout: float = 30.0) -> str:
        """What a command printed in the fabric, where the API server is and all links meet. Raises CommandFailed."""
        return self.machinery.run(argv, text=text, timeout=timeout)

    def open(self, argv: Sequence[str]) -> subprocess.Popen[str]:
        """A command left running in the fabric; the caller ends it."""
        return self.machinery.open(argv)

    def load_image(self, archive: Path) -> None:
        """Import an image archive on every node. A given cluster is expected to have its images."""
        if self._own is None:
            return
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(lambda node: node.load_image(archive), self.nodes.values()))

    def shape(self, rate: Rate | None, fabric: Fabric = MAIN) -> None:
        """Every node's link to a fabric at `rate`, both ways; None: as fast as it goes."""
        self.machinery.take(shaping_steps([node.spec for node in self.nodes.values()], rate, fabric))

    def stop_kubelet(self, node: str, how: signal.Signals = signal.SIGKILL) -> None:
        """Its pods run on."""
        self.machinery.end_daemon(f"kubelet-{node}", how)

    def start_kubelet(self, node: str) -> None:
        self.machinery.start_again(f"kubelet-{node}")

    def power_off(self, node: str) -> None:
        """All at once: its links, its daemons, its pods. It does not come back."""
        for fabric in self.node(node).spec.fabrics:
            self.node(node).cut(fabric)
        for daemon in ("containerd", "kubelet", "proxy"):
            self.machinery.end_daemon(f"{daemon}-{node}", signal.SIGKILL)
        for process in processes_of(self.machinery.folder.name, node):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def stop_apiserver(self, how: signal.Signals = signal.SIGKILL) -> None:
        """From outside, connections are accepted and reset then; inside they are refused."""
        self.machinery.end_daemon("apiserver", how)

    def start_apiserver(self) -> None:
        """Returns when it is ready again, and the cluster at work with it.

        Its clients are restarted: after 20 s without an answer some of them would not ask again for a minute.
        """
        self.machinery.start_again("apiserver")
        api = Api(self._place().authority)
        api.wait_until_ready(lambda: "apiserver" in self.machinery.running())
        watchers = [name for name in self.machinery.running() if watches_the_api(name)]
        for name in watchers:
            self.machinery.end_daemon(name, signal.SIGKILL)
            self.machinery.start_again(name)
        api.wait_for_nodes({name for name in self.nodes if f"kubelet-{name}" in watchers})

    def add_kwok_nodes(self, count: int, zones: Sequence[str] = ()) -> list[str]:
        """Nodes without machines, Ready and tainted `kwok.x-k8s.io/node=fake:NoSchedule`; returns their names."""
        if "kwok" not in self.machinery.running():
            self.machinery.start_daemon(kwok(self._place()))
        nodes = hollow_nodes(count, zones)
        names = [str(node["metadata"]["name"]) for node in nodes]
        self.kubectl("create", "-f", "-", text="\n---\n".join(map(json.dumps, nodes)), timeout=300)
        self.kubectl("wait", "--for=condition=Ready", "--timeout=120s", *(f"node/{name}" for name in names))
        return names

    def let_go(self) -> None:
        """The cluster outlives this process."""
        self.machinery.let_go()

    def close(self) -> None:
        """End it and everything in it; a given cluster is left as it is. May be called twice."""
        if self._own is not None:
            self._own.close()

    def _kubectl(self) -> str:
        if self._own is not None:
            return built_programs().path("kubectl")
        found = shutil.which("kubectl")
        return found or built_programs().path("kubectl")

    def _place(self) -> Workplace:
        some_node = next(iter(self.nodes.values()))
        return workplace(self.machinery, built_programs(), some_node.spec.ip)


def workplace(machinery: Machinery, programs: Programs, ip: tuple[int, ...]) -> Workplace:
    folder = machinery.folder
    return Workplace(programs, Authority(folder / "pki"), folder / "configs", cgroup_of(folder.name), ip)


def remember_nodes(machinery: Machinery, nodes: Sequence[NodeSpec]) -> None:
    """For processes that come to the cluster later."""
    (machinery.folder / "nodes.json").write_text(json.dumps([asdict(node) for node in nodes]))
