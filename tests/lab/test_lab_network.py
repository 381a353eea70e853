"""The lab's network is what its spec says, as others than clearway see it."""

from __future__ import annotations

import pytest

from clearway.base.units import Rate, Ratio
from clearway.probe.records import Slot
from clearway.site.lab.model import LabSpec, Link, LinkException
from lab.running import running_lab
from lab.traffic import datagrams_to_closed_ports, dropped, goodput, links, said, send_datagrams

pytestmark = pytest.mark.lab

PAYLOAD_SHARE = (1500 - 52) / (1500 + 14)
"""TCP payload in a full frame, as the shaper counts frames."""


@pytest.mark.slow
@pytest.mark.truth
async def test_a_link_carries_its_rate_and_an_exception_its_own_both_ways() -> None:
    slow = LinkException(node="node-3", rate=Rate(20e6))
    async with running_lab(LabSpec(link=Link(rate=Rate(200e6)), exceptions=(slow,)), agents=False) as lab:
        for client, server, rate in (("node-1", "node-2", 2e8), ("node-1", "node-3", 2e7), ("node-3", "node-1", 2e7)):
            address = f"198.18.0.{server[-1]}"
            assert await goodput(lab.site, client, server, address) == pytest.approx(rate * PAYLOAD_SHARE, rel=0.05)


async def test_every_datagram_either_arrives_or_is_in_the_drop_counter_of_its_port() -> None:
    lossy = LinkException(node="node-2", loss=Ratio(0.05))
    async with running_lab(LabSpec(nodes=2, exceptions=(lossy,)), agents=False) as lab:
        await send_datagrams(lab.site, "node-1", "198.18.0.2", 7001, count=4000)
        await send_datagrams(lab.site, "node-1", "198.18.0.2", 7002, count=1000)
        counters = await dropped(lab.site, "node-2")
        assert set(counters) == {("udp", 7001), ("udp", 7002)}
        assert sum(counters.values()) + await datagrams_to_closed_ports(lab.site, "node-2") == 5000
        assert 100 <= counters["udp", 7001] <= 320, "5 % of 4000, ten standard deviations either way"


async def test_all_loss_lets_nothing_arrive_and_no_loss_is_no_rule() -> None:
    cut = LinkException(node="node-2", loss=Ratio(1))
    async with running_lab(LabSpec(nodes=2, exceptions=(cut,)), agents=False) as lab:
        await send_datagrams(lab.site, "node-1", "198.18.0.2", 7001, count=100)
        assert await dropped(lab.site, "node-2") == {("udp", 7001): 100}
        assert await said(lab.site, "node-1", "nft", "list", "ruleset") == ""


async def test_a_datagram_that_fits_only_the_wider_link_does_not_arrive_over_the_narrow_one() -> None:
    narrow = LinkException(node="node-2", mtu=1400)
    async with running_lab(LabSpec(nodes=3, exceptions=(narrow,)), agents=False) as lab:
        assert (await links(lab.site, "node-2"))["eth0"]["mtu"] == 1400
        for target in ("node-2", "node-3"):
            await send_datagrams(lab.site, "node-1", f"198.18.0.{target[-1]}", 7001, count=10, size=1472)
        assert await datagrams_to_closed_ports(lab.site, "node-2") == 0
        assert await datagrams_to_closed_ports(lab.site, "node-3") == 10


async def test_jumbo_frames_cross_the_fabric() -> None:
    async with running_lab(LabSpec(nodes=2, link=Link(mtu=9000)), agents=False) as lab:
        await send_datagrams(lab.site, "node-1", "198.18.0.2", 7001, count=10, size=8972)
        assert await datagrams_to_closed_ports(lab.site, "node-2") == 10


@pytest.mark.slow
@pytest.mark.truth
async def test_a_lab_of_ipv6_has_no_ipv4_and_carries_its_rate() -> None:
    async with running_lab(LabSpec(nodes=2, ip=6, link=Link(rate=Rate(100e6)))) as lab:
        assert lab.ready[Slot("node-2")].worker.addresses == ("2001:2::2",)
        share = (1500 - 72) / (1500 + 14)
        measured = await goodput(lab.site, "node-1", "node-2", "2001:2::2", options=("-V",))
        assert measured == pytest.approx(100e6 * share, rel=0.05)


async def test_a_link_without_a_rate_has_no_shaper() -> None:
    async with running_lab(LabSpec(nodes=2, link=Link(rate=None)), agents=False) as lab:
        assert "tbf" not in await said(lab.site, "node-1", "tc", "qdisc")
        assert "tbf" not in await said(lab.site, None, "tc", "qdisc")


async def test_a_cut_link_is_cut_for_its_node_alone() -> None:
    async with running_lab(LabSpec(nodes=3), agents=False) as lab:
        await said(lab.site, None, "ip", "link", "set", "port-2", "down")
        for target in ("node-2", "node-3"):
            await send_datagrams(lab.site, "node-1", f"198.18.0.{target[-1]}", 7001, count=10)
        assert await datagrams_to_closed_ports(lab.site, "node-2") == 0
        assert await datagrams_to_closed_ports(lab.site, "node-3") == 10


async def test_the_commands_in_the_log_build_the_same_lab_by_hand() -> None:
    async with running_lab(LabSpec(nodes=2, link=Link(loss=Ratio(0.01))), agents=False) as lab:
        script = next(str(finding.values["script"]) for finding in lab.log if finding.code == "lab.commands")
        look = "ip -o link; tc qdisc; nsenter --net=/run/netns/node-2 nft list ruleset"
        shown = await said(lab.site, None, "unshare", "--mount", "--net", "sh", "-ec", f"{script}\n{look}")
        for part in ("fabric", "port-1", "port-2", "tbf", "dropped"):
            assert part in shown
