"""Packets that a node drops on purpose stand in the report with their count."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from clearway.base.units import Rate
from clearway.campaign.conclusion import conclude
from clearway.diagnose.losses import loss_findings
from clearway.report.text import TextReport
from clearway.site.lab.model import LabSpec, Link
from clearway.site.lab.site import LabSite
from lab.acceptance import accepted
from lab.traffic import said

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]

UDP = """
version: 1
seed: 1
attempts: 1
tests:
- {name: loss, protocol: udp, rate: 10 Mbit/s, direction: forward, duration: 3s, warm-up: 1s, accept: ["loss <= 1 %"]}
"""
FRAMES = 1204
STRAY = """
import errno, socket, sys
to, count = bytes.fromhex(sys.argv[1].replace(":", "")), int(sys.argv[2])
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind(("eth0", 0))
while count:
    try:
        wire.send(to + wire.getsockname()[4] + bytes.fromhex("88b5") + bytes(46))
        count -= 1
    except OSError as error:
        assert error.errno == errno.ENOBUFS
"""
"""Frames of a protocol that nobody speaks: the kernel drops them on arrival, and counts."""


@pytest.mark.fault("host", "a network card drops on arrival", "The report names node, card and count.")
async def test_drops_on_arrival_are_reported_with_node_device_and_count(tmp_path: Path) -> None:
    async def stray(site: LabSite) -> None:
        (device,) = json.loads(await said(site, "node-2", "ip", "-j", "link", "show", "eth0"))
        await said(site, "node-1", sys.executable, "-c", STRAY, device["address"], str(FRAMES))

    lab = LabSpec(nodes=2, zones=1, link=Link(rate=Rate(100e6)))
    record = await accepted(tmp_path, UDP, lab, disturbance=stray)
    found = {(one.subject, one.values["device"]): one.values["count"] for one in loss_findings(record)}
    assert found == {("node-2", "eth0"): f"{FRAMES:,}"}
    assert "node-2 eth0 (pod network): 1,204 packets dropped on arrival" in TextReport(300).render(
        conclude(record, "en")
    )
    facts = {worker.slot.node: worker.facts for worker in record.workers}
    assert {facts[node]["driver"] for node in ("node-1", "node-2")} == {"veth"}
    assert "tso" in facts["node-1"]["offloads"].split()
