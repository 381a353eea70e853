"""By hand: `python -m harness build | up | down | status | demo`."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

from clearway.base.quantity_text import parse_rate
from harness.cluster import Cluster
from harness.demo import demonstrate
from harness.failure import HarnessError
from harness.machinery import Machinery
from harness.programs import build_programs, cache_folder
from harness.spec import FABRICS, ClusterSpec
from harness.starting import start_cluster


def up(arguments: argparse.Namespace) -> int:
    state = _state(arguments.name)
    if _running(arguments.name) is not None:
        raise HarnessError(f"a cluster of this name runs already: {state.read_text()}")
    started = time.monotonic()
    zones = tuple(arguments.zones.split(",")) if arguments.zones else ()
    rate = parse_rate(arguments.rate) if arguments.rate else None
    wanted = ClusterSpec(nodes=arguments.nodes, zones=zones, rate=rate, ip=arguments.ip)
    network = {"storage": arguments.storage, "overlay": arguments.overlay, "policies": arguments.policies}
    cluster = start_cluster(replace(wanted, **network))
    try:
        for archive in arguments.image:
            cluster.load_image(archive.absolute())
        state.parent.mkdir(parents=True, exist_ok=True)
        state.write_text(str(cluster.machinery.folder))
        cluster.let_go()
    except BaseException:
        cluster.close()
        raise
    print(f"{arguments.nodes} nodes ready in {time.monotonic() - started:.1f} s", file=sys.stderr)
    print(f"KUBECONFIG={cluster.kubeconfig}")
    return 0


def down(arguments: argparse.Namespace) -> int:
    """Also when there is none."""
    cluster = _running(arguments.name)
    if cluster is not None:
        cluster.close()
    _state(arguments.name).unlink(missing_ok=True)
    return 0


def status(arguments: argparse.Namespace) -> int:
    cluster = _running(arguments.name)
    if cluster is None:
        raise HarnessError("no cluster runs; start one with `make cluster`")
    print(f"KUBECONFIG={cluster.kubeconfig}")
    print(f"in the fabric: {' '.join(cluster.machinery.entering(()))} COMMAND")
    for name in cluster.nodes:
        print(f"on {name}: {' '.join(cluster.machinery.entering((), name))} COMMAND")
    return 0


def build(arguments: argparse.Namespace) -> int:
    build_programs(lambda text: print(f"cluster: {text}", file=sys.stderr, flush=True))
    return 0


def demo(arguments: argparse.Namespace) -> int:
    return demonstrate(arguments.image.absolute(), arguments.report_dir)


def _running(name: str) -> Cluster | None:
    state = _state(name)
    if not state.is_file():
        return None
    try:
        return Cluster.of(Machinery.of(Path(state.read_text())))
    except HarnessError:
        return None


def _versions(text: str) -> tuple[int, ...]:
    return tuple(int(version) for version in text.split(","))


def _state(name: str) -> Path:
    return cache_folder() / "clusters" / name


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m harness", description=__doc__)
    commands = parser.add_subparsers(required=True)
    for command in (build, up, down, status, demo):
        sub = commands.add_parser(command.__name__)
        sub.set_defaults(command=command)
        sub.add_argument("--name", default="by-hand", help="of this cluster, where there are several")
        if command is up:
            sub.add_argument("--nodes", type=int, default=2)
            sub.add_argument("--zones", help="comma-separated; nodes take them in turn")
            sub.add_argument("--ip", type=_versions, default=(4,), help="4, 6, or both, the preferred one first: 4,6")
            sub.add_argument("--rate", help="of every node's link, for instance '1 Gbit/s'")
            sub.add_argument(
                "--overlay", metavar="DEVICE", choices=FABRICS, help="VXLAN between pods, over eth0 or eth1"
            )
            sub.add_argument("--storage", action="store_true", help="a second device a node, eth1, on its own fabric")
            sub.add_argument("--policies", action="store_true", help="NetworkPolicies are enforced")
            sub.add_argument("--image", type=Path, action="append", default=[], help="archive for all nodes")
        if command is demo:
            sub.add_argument("--image", type=Path, required=True, help="the worker's archive")
            sub.add_argument("--report-dir", type=Path, required=True, help="run directory")
    return parser.parse_args()


def main() -> int:
    arguments = _parsed()
    try:
        status: int = arguments.command(arguments)
    except HarnessError as error:
        print(f"cluster: {error}", file=sys.stderr)
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main())
