"""The worker image: small, the same each time, no more than the worker, and at work as Kubernetes would run it."""

from __future__ import annotations

import hashlib
import json
import re
import stat
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from clearway.campaign.acceptance import begin, measuring
from clearway.probe.records import Half, Outcome, Slot, Trial
from clearway.site.base import Ready
from clearway.site.kubernetes.options import IMAGE, cache, newest_archive
from clearway.spec.load import read_spec
from clearway.verdict.judge import judge
from clearway.verdict.model import State
from cluster.containers import ContainerSite, Image, place
from cluster.image_difference import differences
from harness.cgroups import FAMILY as CLUSTERS
from harness.leftovers import host_traces
from image import debian
from image.build import CLONE, build, worker_files
from image.origin import BILL, STATUS

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]

LIMIT = 70_000_000
"""Bytes that a node has to fetch at most."""
ALL_ENGINES = """
version: 1
seed: 1
tests:
- {name: bulk, protocol: tcp, direction: forward, duration: 4s, accept: ["throughput >= 1 Mbit/s"]}
- {name: bulk-3, protocol: tcp, engine: iperf3, direction: forward, duration: 4s, accept: ["throughput >= 1 Mbit/s"]}
- {name: loss, protocol: udp, rate: 40 Mbit/s, direction: forward, duration: 4s, accept: ["loss <= 20 %"]}
- {name: loss-3, protocol: udp, engine: iperf3, rate: 40 Mbit/s, direction: forward, duration: 4s,
   accept: ["loss <= 20 %"]}
- {name: latency, protocol: http, rate: 500/s, connections: 4, direction: forward, duration: 4s,
   accept: ["latency p99 <= 1s"]}
- {name: round-trip, protocol: round-trip, direction: forward, duration: 4s, accept: ["round-trip p99 <= 1s"]}
"""


@pytest.fixture(scope="module")
def image() -> Image:
    return Image(build(cache()))


@pytest.fixture(scope="module")
def root(image: Image, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("image") / "root"
    image.unpack(folder)
    for path in (folder, *folder.parents[:2]):
        path.chmod(0o755)  # the worker is not who unpacked it
    return folder


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    before = host_traces() | control_groups()
    yield
    assert host_traces() | control_groups() == before


def control_groups() -> set[str]:
    """Those of clusters come and go with other tests."""
    return {f"cgroup {path}" for path in Path("/sys/fs/cgroup").glob("*/*/") if path.name != CLUSTERS}


def test_what_a_node_fetches_is_less_than_70_MB(image: Image) -> None:
    assert sum(layer["size"] for layer in image.manifest()["layers"]) < LIMIT


def test_the_same_inputs_give_the_same_archive_byte_for_byte(image: Image, tmp_path: Path) -> None:
    """Debian's archive may have replaced a package since the first was made: the second is then one of other inputs."""
    made, again = image.archive, build(tmp_path / "one")
    if made.name != again.name:
        made, again = again, build(tmp_path / "other")
    assert differences(made, again) == []


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def test_what_is_made_once_is_not_made_again(image: Image) -> None:
    made = image.archive.stat().st_ino
    assert build(cache()).stat().st_ino == made
    assert newest_archive() == image.archive


def test_every_part_is_what_its_digest_says(image: Image) -> None:
    (entry,) = image.document("index.json")["manifests"]
    manifest = image.manifest()
    for part in (entry, manifest["config"], *manifest["layers"]):
        content = image.content(place(part))
        assert (digest(content), len(content)) == (part["digest"], part["size"])


@pytest.mark.parametrize("kind", ["oci-archive", "docker-archive"])
def test_it_loads_under_its_name(image: Image, kind: str, tmp_path: Path) -> None:
    """By the code that podman loads with; the second is how docker has read archives since before OCI."""
    store = ["--root", f"{tmp_path}/store", "--runroot", f"{tmp_path}/run", "--storage-driver", "vfs"]
    subprocess.run(["buildah", *store, "pull", "--quiet", f"{kind}:{image.archive}"], check=True)
    names = ["images", "--noheading", "--format", "{{.Name}}:{{.Tag}}"]
    assert subprocess.check_output(["buildah", *store, *names], text=True).split() == [IMAGE]


def test_it_is_not_root(image: Image, root: Path) -> None:
    assert image.config()["config"]["User"] == "65534:65534"
    raised = stat.S_ISUID | stat.S_ISGID
    assert [path for path in root.rglob("*") if path.is_file() and path.lstat().st_mode & raised] == []


def test_of_clearway_it_holds_the_worker_and_nothing_else(root: Path) -> None:
    home = root / "usr/lib/clearway"
    inside = {path.relative_to(home): path.read_bytes() for path in home.rglob("*.py")}
    assert inside == {file.relative_to(CLONE / "src"): file.read_bytes() for file in worker_files()}
    assert {path.parts[1] for path in inside if len(path.parts) > 2} == {"base", "probe", "engine", "worker"}


def test_all_python_in_it_is_compiled(root: Path) -> None:
    """The worker can't write there: what is not compiled would be compiled at each start."""
    for folder in (root / "usr/lib/clearway", root / "usr/lib/python3.11"):
        sources = [path for path in folder.rglob("*.py") if path.is_file()]
        assert sources
        assert [path for path in sources if not list((path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"))] == []


def test_nothing_of_the_machine_that_made_it_is_in_it(root: Path) -> None:
    left = {path for path in (root / "etc").iterdir() if path.is_file() and path.stat().st_size}
    assert {path.name for path in left} == {"passwd", "group"}
    assert not (root / "etc/apt").exists()


def test_every_package_is_named_with_its_version_for_scanners(root: Path) -> None:
    said = (root / "var/lib/dpkg/status").read_text()
    named = dict(re.findall(r"^Package: (\S+)\n(?:.*\n)*?Version: (\S+)", said, flags=re.MULTILINE))
    assert set(debian.packages()) <= named.keys()


@asynccontextmanager
async def workers(image: Image, root: Path, folder: Path) -> AsyncIterator[ContainerSite]:
    """Two of them, ready."""
    site = ContainerSite(root, image.config(), folder)
    events = site.events()
    try:
        await site.start([Slot("node-1"), Slot("node-2")])
        for _ in range(2):
            assert isinstance(await anext(events), Ready)
        yield site
    finally:
        await site.stop()


def test_its_bill_of_materials_is_what_the_packages_themselves_say(image: Image, root: Path) -> None:
    bill = json.loads(image.archive.with_name(image.archive.name + BILL).read_text())
    status = (root / STATUS).read_text()
    assert len(bill["components"]) == status.count("\nPackage: ") + status.startswith("Package: ")
    for part in bill["components"]:
        assert f"\nVersion: {part['version']}\n" in status
        assert f"\nSHA256: {part['hashes'][0]['content']}\n" in status


async def test_two_of_them_measure_each_other_with_every_engine(image: Image, root: Path, tmp_path: Path) -> None:
    """As user 65534, on a read-only root, without a single capability."""
    site = ContainerSite(root, image.config(), tmp_path / "containers")
    job = await begin(read_spec(ALL_ENGINES), site, tmp_path / "run", [])
    async with measuring(job, site) as run:
        await run.measure_all()
    measured = {trial.probe.test for trial in run.record.trials if both_measured(trial)}
    assert measured == {test.name for test in run.record.spec.tests}
    assert State.FAIL not in {test.state for test in judge(run.record).tests}


def both_measured(trial: Trial) -> bool:
    """Also where the attempt does not count, as on a machine that the hypervisor takes CPUs from."""
    return len(trial.halves) == len(Half) and all(half.outcome is Outcome.MEASURED for half in trial.halves)


async def test_it_leaves_when_asked_to_as_the_first_process(image: Image, root: Path, tmp_path: Path) -> None:
    async with workers(image, root, tmp_path / "containers") as site:
        for container in site.containers.values():
            await container.signal("TERM")
            assert await container.ended() == 128 + 15
