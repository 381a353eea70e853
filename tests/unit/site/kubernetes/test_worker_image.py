"""The image that a node runs, held against the archive that it should be of."""

from __future__ import annotations

import pytest

from clearway.site.kubernetes.worker_image import WorkerImage

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


def test_of_an_image_in_a_registry_nothing_is_held_against() -> None:
    assert WorkerImage.of("registry.example/worker:1").other_than("registry.example/worker@sha256:ff") is None
