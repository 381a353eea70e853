"""The same tools as a person would run them: by a shell script between two nodes of a lab. No code of clearway's."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from benchmarks.flow import WitnessedLab
from clearway.probe.records import Round
from clearway.site.lab.topology import in_node

_OPEN_LOOP = Path(__file__).with_name("open_loop.py")

_ROW = re.compile(r"^\[ *\d+\] (\d+)\.\d+-(\d+)\.\d+ sec +(\d+) Bytes", re.MULTILINE)

_NGINX = """
daemon off;
master_process off;
user root root;
pid nginx.pid;
error_log stderr crit;
events {}
http {
    access_log off;
    tcp_nodelay on;
    keepalive_requests 1000000000;
    client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
    server { listen 8080; root .; }
}
"""


@dataclass(frozen=True)
class Route:
    """The nodes that the data leaves from and arrives at."""

    sender: str
    receiver: str

    @classmethod
    def of(cls, round_: Round) -> Self:
        """That of its first probe."""
        sender, receiver = round_.probes[0].pair
        return cls(sender.node, receiver.node)


@dataclass(frozen=True)
class OpenLoad:
    connections: int
    rate: float
    """Requests per second."""
    seconds: float


def percentile(ordered: Sequence[float], percent: float) -> float:
    """By nearest rank."""
    rank = max(1, -(-len(ordered) * percent // 100))
    return ordered[int(rank) - 1]


async def iperf(site: WitnessedLab, route: Route, options: str, warm_up: int, seconds: int) -> float:
    """Goodput at the receiver, bit/s, inside the window; `options` are the client's."""
    server = on(route.receiver, "iperf -s -p 5901 -e -f b -i 1")
    client = on(route.sender, f"iperf -c {site.address(route.receiver)} -p 5901 -t {warm_up + seconds} {options}")
    printed = await site.told(None, ("sh", "-c", f"{server} & s=$!; sleep 0.3; {client} >&2; sleep 0.2; kill $s; wait"))
    return sum(bytes_within(printed, warm_up, warm_up + seconds)) * 8 / seconds


def bytes_within(rows: str, begin: int, end: int) -> Iterator[int]:
    """What each stream brought in each second between two, by the rows of a server."""
    for first, last, size in _ROW.findall(rows):
        if int(last) - int(first) == 1 and begin <= int(first) and int(last) <= end:
            yield int(size)


async def h2load(site: WitnessedLab, route: Route, folder: Path, options: str) -> Sequence[float]:
    """Seconds of each request of three seconds, after one of warm-up, in order; responses go along the route."""
    url = f"http://{site.address(route.sender)}:8080/body"
    await _beside_nginx(site, route, folder, f"h2load --h1 --warm-up-time 1s -D 3s --log-file log {options} {url}")
    return sorted(_took(folder / "log"))


async def open_loop(site: WitnessedLab, route: Route, folder: Path, load: OpenLoad, start: float) -> Sequence[float]:
    """Seconds of each request that is due from `start` on, Unix seconds, in order; responses go along the route."""
    asked = f"{site.address(route.sender)} 8080 {load.connections} {load.rate:g} {load.seconds:g} {start:.6f}"
    await _beside_nginx(site, route, folder, f"{sys.executable} {_OPEN_LOOP} {asked} >latencies")
    return sorted(map(float, (folder / "latencies").read_text().split()))


async def _beside_nginx(site: WitnessedLab, route: Route, folder: Path, client: str) -> None:
    """Run the client at the receiver of the route, in the folder, while a server at its sender answers."""
    _prepare(folder)
    steps = (
        on(route.sender, "nginx -p . -e stderr -c nginx.conf &"),
        "sleep 0.3",
        on(route.receiver, client),
        "kill %1; wait",
    )
    script = "set -m\nexec >said 2>&1\n" + "\n".join(steps)
    await site.told(None, ("bash", "-c", f"cd {shlex.quote(str(folder))}\n{script}"))


def bulk(site: WitnessedLab, route: Route, options: str) -> None:
    """TCP along the route until the lab ends."""
    server, client = on(route.receiver, "iperf -s -p 5902"), f"iperf -c {site.address(route.receiver)} -p 5902 -t 3600"
    site.leave_running(f"{server} & sleep 0.2; {on(route.sender, client)} {options}")


def _prepare(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "nginx.conf").write_text(_NGINX)
    (folder / "body").write_text("x" * 1024)


def _took(log: Path) -> Iterator[float]:
    rows = [line.split("\t") for line in log.read_text().splitlines()]
    assert all(row[1] == "200" for row in rows), "a request failed"
    return (int(row[2]) / 1e6 for row in rows)


def on(node: str, command: str) -> str:
    """A shell's words for a command on a node."""
    return f"{shlex.join(in_node(node, ()))} {command}"
