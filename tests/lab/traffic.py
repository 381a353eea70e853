"""Traffic made by hand inside a lab, to compare with."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence

from clearway.site.lab.site import LabSite
from clearway.site.lab.topology import LISTING_ARGV, drops

_SEND = """
import socket, sys
address, port, count, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
family = socket.AF_INET6 if ":" in address else socket.AF_INET
sender = socket.socket(family, socket.SOCK_DGRAM)
if family == socket.AF_INET:
    sender.setsockopt(socket.IPPROTO_IP, 10, 2)  # IP_MTU_DISCOVER, IP_PMTUDISC_DO: never fragment
for _ in range(count):
    sender.sendto(bytes(size), (address, port))
"""


async def said(site: LabSite, node: str | None, *argv: str) -> str:
    """What a command printed; it must have succeeded."""
    ran = await site.execute(node, argv)
    assert ran.exit == 0, ran
    return ran.stdout


async def send_datagrams(site: LabSite, node: str, address: str, port: int, *, count: int, size: int = 100) -> None:
    await said(site, node, sys.executable, "-c", _SEND, address, str(port), str(count), str(size))


async def dropped(site: LabSite, node: str) -> dict[tuple[str, int], int]:
    return drops(await said(site, node, *LISTING_ARGV))


async def datagrams_to_closed_ports(site: LabSite, node: str) -> int:
    """Datagrams that got through to a node where nobody listened."""
    rows = [line.split() for line in (await said(site, node, "cat", "/proc/net/snmp")).splitlines()]
    names, values = (row for row in rows if row[0] == "Udp:")
    return int(dict(zip(names, values, strict=True))["NoPorts"])


async def goodput(site: LabSite, client: str, server: str, address: str, *, options: Sequence[str] = ()) -> float:
    """Bit/s that iperf's server received from `client` in three seconds after the first."""
    listening = asyncio.create_task(site.execute(server, ("iperf", "-s", "-P1", "-fb", "-i1", *options), timeout=20.0))
    await until_listening(site, server, 5001)
    sent = await site.execute(client, ("iperf", "-c", address, "-t4", "-Z", "cubic", *options))
    assert sent.exit == 0, sent
    rows = [line.split() for line in (await listening).stdout.splitlines() if line.endswith("bits/sec")]
    return sum(float(row[-2]) for row in rows[1:4]) / 3


async def until_listening(site: LabSite, node: str, port: int) -> None:
    async with asyncio.timeout(10):
        while f":{port} " not in await said(site, node, "ss", "-Hltn"):
            pass


async def links(site: LabSite, node: str | None) -> dict[str, dict[str, object]]:
    return {link["ifname"]: link for link in json.loads(await said(site, node, "ip", "-j", "link"))}
