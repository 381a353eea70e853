"""The image that a node runs, held against the archive that it should be of."""

from __future__ import annotations

import json

import pytest

from clearway.kube.decoding import Decoder
from clearway.kube.objects import KubeNode
from clearway.site.kubernetes.options import IMAGE
from clearway.site.kubernetes.worker_image import WorkerImage, by_digest

KNOWN = WorkerImage("clearway.dev/worker:1", digests=("sha256:c0", "sha256:a1"))


@pytest.mark.parametrize(
    "reported",
    [
        "sha256:c0",
        "docker://sha256:c0",
        "docker-pullable://clearway.dev/worker@sha256:a1",
        "import@sha256:a1",
        "",
        "c0",
    ],
)
def test_an_image_known_by_either_digest_is_ours_and_so_is_one_without(reported: str) -> None:
    assert KNOWN.other_than(reported) is None


@pytest.mark.parametrize("reported", ["sha256:ff", "docker://sha256:ff", "import@sha256:ff"])
def test_another_digest_is_another_image(reported: str) -> None:
    assert KNOWN.other_than(reported) == "sha256:ff"


def test_an_image_in_a_registry_is_held_against_what_the_first_node_reports() -> None:
    unknown = WorkerImage.of("registry.example/worker:1")
    assert unknown.other_than("registry.example/worker@sha256:ff") is None
    seen = unknown.seen_on("node-1", "registry.example/worker@sha256:aa").seen_on("node-2", "x@sha256:ff")
    assert (seen.node, seen.digests) == ("node-1", ("sha256:aa",))
    assert seen.other_than("registry.example/worker@sha256:ff") == "sha256:ff"
    assert seen.other_than("registry.example/worker@sha256:aa") is None
    assert seen.other_than("sha256:c0") is None, "the digest of a configuration, of an image that was loaded"


def test_nothing_is_held_against_a_name_with_a_digest() -> None:
    named = WorkerImage.of("registry.example/worker@sha256:aa")
    assert named.seen_on("node-1", "registry.example/worker@sha256:ff") == named


def having(*names: str) -> KubeNode:
    status = {"images": [{"names": ["registry.example/other:1", "registry.example/other@sha256:00"]}, {"names": names}]}
    return Decoder(KubeNode).decode(json.dumps({"metadata": {"name": "node"}, "status": status}).encode())


REPOSITORY = "registry.example:5000/team/worker"
A, B = (having(f"{REPOSITORY}@sha256:{digest}", f"{REPOSITORY}:1") for digest in ("aa", "bb"))


@pytest.mark.parametrize(
    ("image", "nodes", "taken"),
    [
        (f"{REPOSITORY}:1", [A, A, having()], f"{REPOSITORY}@sha256:aa"),
        (f"{REPOSITORY}:1", [A, B], f"{REPOSITORY}:1"),
        (f"{REPOSITORY}:2", [A], f"{REPOSITORY}:2"),
        (f"{REPOSITORY}:1", [having(f"{REPOSITORY}:1")], f"{REPOSITORY}:1"),
        (REPOSITORY, [having(f"{REPOSITORY}:latest", f"{REPOSITORY}@sha256:cc")], f"{REPOSITORY}@sha256:cc"),
        (f"{REPOSITORY}@sha256:bb", [A], f"{REPOSITORY}@sha256:bb"),
        (IMAGE, [having(IMAGE, f"{IMAGE.partition(':')[0]}@sha256:aa")], IMAGE),
    ],
)
def test_a_tag_is_taken_by_the_digest_that_the_nodes_have_of_it_if_they_have_one(
    image: str, nodes: list[KubeNode], taken: str
) -> None:
    assert by_digest(image, nodes) == taken
