"""An image that is named by a tag of a registry: workers run the one that the nodes have under it, by its digest."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from clearway.probe.records import Finding
from clearway.site.base import Ready
from clearway.site.kubernetes.options import IMAGE
from clearway.site.kubernetes.worker_image import WorkerImage
from cluster.runs.site import hear, started
from harness.cluster import Cluster
from harness.daemons import containerd_socket

pytestmark = pytest.mark.usefixtures("furnished")

TAG = "registry.test/team/worker:1"


@pytest.fixture
def digest(equipped: Cluster, worker_image: Path) -> str:
    """The worker image as every node has it once it was pulled by this tag."""
    name = f"{TAG.rpartition(':')[0]}@{WorkerImage.in_archive(IMAGE, worker_image).digests[1]}"
    for node in equipped.nodes.values():
        equipped.stop_kubelet(node.name)
        store = ("ctr", f"--address={containerd_socket(node.spec)}", "--namespace=k8s.io", "images", "tag", "--force")
        for alias in (TAG, name):
            node.execute((*store, IMAGE, alias))
        equipped.start_kubelet(node.name)  # it looks at its images when it starts, and then every half minute
    until = time.monotonic() + 120
    while not all({TAG, name} <= names for names in listed(equipped)):
        assert time.monotonic() < until, listed(equipped)
        time.sleep(0.5)
    return name


def listed(cluster: Cluster) -> list[set[str]]:
    """The names of all images that each node reports."""
    nodes = json.loads(cluster.kubectl("get", "nodes", "--output=json"))["items"]
    return [{name for image in node["status"]["images"] for name in image["names"]} for node in nodes]


async def test_a_tag_is_run_by_the_digest_that_the_nodes_have_of_it(equipped: Cluster, digest: str) -> None:
    told: list[Finding] = []
    async with started(equipped, told, image=TAG) as site:
        await hear(site, Ready, 2)
        pods = json.loads(equipped.kubectl("get", "pods", "--namespace=clearway", "--output=json"))["items"]
    assert [pod["spec"]["containers"][0]["image"] for pod in pods] == [digest] * 2
    (taken,) = [finding for finding in told if finding.code == "kubernetes.image-digest"]
    assert (taken.subject, taken.values["image"]) == (TAG, digest)
    assert not [finding for finding in told if finding.code.endswith("images")]
