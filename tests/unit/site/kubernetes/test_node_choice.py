"""Which nodes can never hold a worker, and pods that a cluster of its own kind takes."""

from __future__ import annotations

import io
import json
import re
import tarfile
from pathlib import Path

import pytest

from api_objects import Json
from api_server import ApiServer
from clearway.plan.schedule import make_plan
from clearway.site.kubernetes import names
from clearway.site.kubernetes.options import IMAGE
from clearway.site.kubernetes.site import KubernetesSite
from clearway.site.kubernetes.worker_image import WorkerImage
from kubelets import kubelets
from making import tcp_spec
from unit.site.kubernetes.two_nodes import NODES, hear, node, options, started


def on(name: str, *, labels: dict[str, str] | None = None, taint: str | None = None, **info: str) -> Json:
    made = node(name, **({"taints": [{"key": taint, "effect": "NoSchedule"}]} if taint else {}))
    made["metadata"]["labels"] = labels or {}
    made["status"]["nodeInfo"] = {"operatingSystem": "linux", "architecture": "amd64", **info}
    return made


NEVER = [
    (on("n", operatingSystem="windows"), "kubernetes.node-other-system"),
    (on("n", labels={"kubernetes.io/os": "windows"}, operatingSystem=""), "kubernetes.node-other-system"),
    (on("n", architecture="arm64"), "kubernetes.node-other-architecture"),
    (on("n", labels={"type": "virtual-kubelet"}), "kubernetes.node-virtual"),
    (on("n", taint="virtual-kubelet.io/provider"), "kubernetes.node-virtual"),
    (on("n", labels={"eks.amazonaws.com/compute-type": "fargate"}), "kubernetes.node-virtual"),
]


@pytest.fixture
def made_for_amd64(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The image is on this machine, as `make image` leaves it."""
    archive = oci_archive(tmp_path, "amd64")
    monkeypatch.setattr("clearway.site.kubernetes.worker_image.newest_archive", lambda: archive)
    return archive


@pytest.mark.usefixtures("made_for_amd64")
@pytest.mark.parametrize(("left_out", "code"), NEVER)
@pytest.mark.fault(
    "cluster",
    "a node runs another system, has another architecture, or is no machine",
    "It is left out and named, in `plan`, `check` and `run`.",
)
async def test_a_node_that_can_never_hold_a_worker_is_named_and_left_out(
    server: ApiServer, tmp_path: Path, left_out: Json, code: str
) -> None:
    server.put(names.NODES, left_out)
    site = KubernetesSite(options(server, tmp_path), log=lambda finding: None)
    inventory = await site.inspect()
    assert [one.name for one in inventory.nodes] == ["node-1", "node-2"]
    first, *_ = make_plan(tcp_spec("throughput >= 1 Mbit/s"), inventory).findings
    assert (inventory.findings, first.code, first.subject) == ((first,), code, "n")


@pytest.mark.usefixtures("made_for_amd64")
async def test_a_node_of_another_architecture_that_has_the_image_is_measured(server: ApiServer, tmp_path: Path) -> None:
    arm = on("node-3", architecture="arm64")
    arm["status"]["images"] = [{"names": [IMAGE]}]
    server.put(names.NODES, arm)
    site = KubernetesSite(options(server, tmp_path), log=lambda finding: None)
    assert [one.name for one in (await site.inspect()).nodes] == ["node-1", "node-2", "node-3"]


async def test_a_node_s_provider_and_instance_type_are_known(server: ApiServer, tmp_path: Path) -> None:
    made = on("node-3", labels={"node.kubernetes.io/instance-type": "m5.large"})
    made["spec"]["providerID"] = "aws:///eu-west-1a/i-0123"
    server.put(names.NODES, made)
    site = KubernetesSite(options(server, tmp_path), log=lambda finding: None)
    facts = {one.name: one.facts for one in (await site.inspect()).nodes}
    assert (facts["node-3"]["provider"], facts["node-3"]["instance-type"]) == ("aws", "m5.large")
    assert "provider" not in facts["node-1"]


async def test_an_image_of_a_registry_has_to_have_all_architectures(server: ApiServer, tmp_path: Path) -> None:
    server.put(names.NODES, on("node-2"))
    server.put(names.NODES, on("node-3", architecture="arm64"))
    site = KubernetesSite(options(server, tmp_path, image="registry.example/worker:1"), log=lambda finding: None)
    inventory = await site.inspect()
    assert len(inventory.nodes) == 3
    (found,) = inventory.findings or ()
    assert (found.code, found.values["architectures"]) == ("kubernetes.architectures", ("amd64", "arm64"))


@pytest.mark.parametrize("content", ["index", "no such member", "nothing"])
def test_an_archive_that_says_nothing_of_its_architecture_is_taken_for_any(tmp_path: Path, content: str) -> None:
    archive = tmp_path / "other.tar"
    if content == "index":
        archive = oci_archive(tmp_path, None)
    elif content == "no such member":
        tarfile.open(archive, "w").close()
    assert WorkerImage.in_archive(IMAGE, archive).architecture is None


def oci_archive(folder: Path, architecture: str | None) -> Path:
    """An archive with one image, cut to what says for which architecture it is."""
    path = folder / "worker-0.oci.tar"
    config = {"os": "linux", **({"architecture": architecture} if architecture else {})}
    members = {
        "index.json": {"manifests": [{"digest": "sha256:1"}]},
        "blobs/sha256/1": {"config": {"digest": "sha256:2"}},
        "blobs/sha256/2": config,
    }
    with tarfile.open(path, "w") as files:
        for name, data in members.items():
            text = json.dumps(data).encode()
            member = tarfile.TarInfo(f"./{name}")
            member.size = len(text)
            files.addfile(member, io.BytesIO(text))
    return path


@pytest.mark.parametrize("is_openshift", [False, True])
async def test_ids_are_left_to_an_openshift_and_only_to_it(
    server: ApiServer, tmp_path: Path, is_openshift: bool
) -> None:
    if is_openshift:
        server.put("/apis", {"metadata": {"name": "security.openshift.io"}})
    with kubelets(server, tmp_path, NODES) as running:
        async with started(server, tmp_path) as site:
            await hear(site, 2)
    pod = running.jobs[0]["spec"]["template"]["spec"]
    ids = [pod["securityContext"].get(name) for name in ("runAsUser", "runAsGroup", "fsGroup")]
    assert ids == ([None] * 3 if is_openshift else [65_534] * 3)
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["nodeSelector"] == {"kubernetes.io/os": "linux"}


def test_the_images_own_user_is_a_number_that_is_not_root() -> None:
    """Without ids of the pod, a kubelet can only tell from a number that it is not root."""
    file = Path(__file__).parents[4] / "image" / "Containerfile"
    (user,) = re.findall(r"^USER (\S+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    assert all(part.isdigit() and int(part) > 0 for part in user.split(":"))
