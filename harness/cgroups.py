"""The cgroups of the clusters of this machine, in every hierarchy of cgroup v1 or in the one of v2.

clearway-clusters/<cluster>/keeper    the control plane, the kubelets and what else is no pod
clearway-clusters/<cluster>/<node>    a node's pods
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
FAMILY = "clearway-clusters"

_KEEPER = "keeper"
_INHERITED = ("cpuset.cpus", "cpuset.mems")
"""A new cgroup of v1's cpuset has none of either, and takes no process until it has."""


def make_cgroups(cluster: str, keeper: int, nodes: Sequence[str]) -> None:
    """The keeper's, with its process in it, which is how one sees that a cluster lives; and the nodes'."""
    with _alone():
        for hierarchy in _hierarchies():
            own = _make(hierarchy, Path(FAMILY, cluster, _KEEPER))
            (own / "cgroup.procs").write_text(str(keeper))
            for node in nodes:
                _make(hierarchy, Path(FAMILY, cluster, node))


def remove_cgroups(cluster: str) -> None:
    """Those of a cluster whose processes have ended; one that lives keeps its own."""
    with _alone():
        for hierarchy in _hierarchies():
            family = hierarchy / FAMILY
            with _unless_in_use():
                _remove(family / cluster / _KEEPER)
                _remove(family / cluster)
            with _unless_in_use():
                family.rmdir()


def clusters_with_cgroups() -> set[str]:
    return {path.parent.name for hierarchy in _hierarchies() for path in hierarchy.glob(f"{FAMILY}/*/{_KEEPER}")}


def processes_of(cluster: str, node: str = "") -> set[int]:
    """Every process of a cluster, those in its pods included, or of a node's pods, as this process numbers them."""
    places = (hierarchy / FAMILY / cluster / node for hierarchy in _hierarchies())
    lists = (path for place in places for path in place.rglob("cgroup.procs"))
    return {int(pid) for processes in lists for pid in processes.read_text().split()}


def cgroup_of(cluster: str) -> str:
    """What holds a cluster's nodes, below the root of each hierarchy."""
    return f"{FAMILY}/{cluster}"


@contextmanager
def _alone() -> Iterator[None]:
    """No other process makes or removes cgroups meanwhile."""
    here = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(here, fcntl.LOCK_EX)
        yield
    finally:
        os.close(here)


@contextmanager
def _unless_in_use() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in {errno.EBUSY, errno.ENOTEMPTY, errno.ENOENT}:
            raise


def _hierarchies() -> Iterator[Path]:
    """Linked names (cpuacct -> cpu,cpuacct) are one hierarchy."""
    if (ROOT / "cgroup.controllers").is_file():
        yield ROOT
        return
    yield from (path for path in ROOT.iterdir() if path.is_dir() and not path.is_symlink() and path.name != "unified")


def _make(hierarchy: Path, inner: Path) -> Path:
    here = hierarchy
    for part in inner.parts:
        below = here / part
        _hand_down_controllers(here)
        below.mkdir(exist_ok=True)
        for name in _INHERITED:
            if (here / name).is_file() and (hierarchy / "tasks").is_file():
                (below / name).write_text((here / name).read_text())
        here = below
    return here


def _hand_down_controllers(above: Path) -> None:
    """Only v2 asks for it."""
    available = above / "cgroup.controllers"
    if available.is_file():
        wanted = " ".join(f"+{name}" for name in available.read_text().split())
        (above / "cgroup.subtree_control").write_text(wanted)


def _remove(top: Path) -> None:
    """Innermost first. Raises OSError at the first that still holds a process."""
    if not top.is_dir():
        return
    for below in top.iterdir():
        if below.is_dir():
            _remove(below)
    top.rmdir()
