"""Plain hosts over real ssh: the same figures as the lab's own site, and nothing left on them, however it ends."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pytest

from clearway.base.units import Rate
from clearway.diagnose.figures import pair_figures
from clearway.ledger.read import read_run
from clearway.ledger.record import Record
from clearway.probe.records import RoundReason
from clearway.site.lab.model import LabSpec, Link
from lab.acceptance import accepted
from lab.hosts import HostsLab, hosts_lab
from meta.test_old_python import python_39
from specs import spec_of

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.timeout(240)]

LAB = LabSpec(nodes=4, zones=1, link=Link(rate=Rate(100e6)))
SPEC = spec_of(
    "name: bandwidth, protocol: tcp, streams: 4, duration: 4s, warm-up: 1s, accept: [throughput >= 80 Mbit/s]"
)
ENDLESS = spec_of("name: bandwidth, protocol: tcp, streams: 2, duration: 90s")
PATIENCE = 60.0
"""Seconds."""


def throughput(record: Record) -> float:
    """Median over the pairs, bit/s."""
    pairs = pair_figures(record, record.spec.tests[0])
    assert len(pairs) == 4
    return median(pair.values["throughput mean"].si for pair in pairs)


@pytest.mark.truth
async def test_hosts_over_ssh_agree_with_the_labs_own_site_on_the_same_links(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if python_39() is None:
        with capsys.disabled():
            print(f"\nno Python 3.9 here: the agents on the hosts run on {sys.version.split()[0]}")
    spec = tmp_path / "cat.yaml"
    spec.write_text(SPEC)
    of_lab = await accepted(tmp_path / "lab", SPEC, LAB)
    async with hosts_lab(tmp_path / "nodes", LAB) as lab:
        ran = await lab.clearway("run", spec, "--hosts", lab.file, "--report-dir", tmp_path / "hosts")
        assert ran.exit == 0, ran.stderr
        assert (await lab.agents(), await lab.tools(), lab.files()) == ([], [], []), "nothing is left when it returns"
    of_hosts = read_run(tmp_path / "hosts")
    assert {worker.network for worker in of_hosts.workers} == {"host"}
    assert {worker.facts["python"].startswith("3.9.") for worker in of_hosts.workers} == {python_39() is not None}
    looked = [one for one in of_hosts.observations if (one.kind, one.subject) == ("oom-observer", "kernel-log")]
    assert {one.values["scope"] for one in looked} == {node.name for node in of_hosts.inventory.nodes}
    assert throughput(of_hosts) / throughput(of_lab) == pytest.approx(1, abs=0.02)


@dataclass(frozen=True)
class Measuring:
    """A run on hosts that is under way."""

    lab: HostsLab
    out: Path
    controller: int

    async def interrupt(self) -> None:
        """Return when nothing of it is left."""
        await self.lab.sh(f"kill -INT {self.controller}")
        await self.lab.until_ended(self.controller)
        await self.lab.until_gone()


@asynccontextmanager
async def measuring(folder: Path, text: str) -> AsyncIterator[Measuring]:
    """A round has begun, and the agents' tools are at work (they are asked for their versions before)."""
    spec, out = folder / "cat.yaml", folder / "out"
    spec.write_text(text)
    async with hosts_lab(folder / "nodes", LAB) as lab:
        controller = await lab.in_background("run", spec, "--hosts", lab.file, "--report-dir", out)
        async with asyncio.timeout(PATIENCE):
            while not (has_begun(out) and await lab.tools()):  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0.1)
        assert await lab.agents()
        assert lab.files()
        yield Measuring(lab, out, controller)


def has_begun(out: Path) -> bool:
    told = out / "observations.jsonl"
    return told.exists() and '"round-start"' in told.read_text()


async def test_a_controller_that_is_interrupted_leaves_nothing_on_any_host(tmp_path: Path) -> None:
    async with measuring(tmp_path, ENDLESS) as run:
        await run.interrupt()
    assert [seen.kind for seen in read_run(run.out).observations][-1] == "run-interrupted"


@pytest.mark.fault(
    "controller", "the controller of a run on hosts is killed", "Nothing stays on any host; `--resume` goes on."
)
async def test_a_controller_that_is_killed_leaves_nothing_on_any_host_and_its_run_goes_on(tmp_path: Path) -> None:
    async with measuring(tmp_path, SPEC) as run:
        await run.lab.sh(f"kill -KILL {run.controller}")
        await run.lab.until_gone()
        assert "PRIVATE KEY" not in (run.out / "hosts.yaml").read_text()
        resumed = await run.lab.clearway("run", "--resume", run.out)
        assert resumed.exit == 0, resumed.stderr
    assert RoundReason.RETRY in {round_.why for round_ in read_run(run.out).rounds}


@pytest.mark.fault("host", "the ssh connection to a host is cut", "That worker is lost, and nothing stays there.")
async def test_a_connection_that_is_cut_costs_its_worker_and_leaves_nothing_there(tmp_path: Path) -> None:
    async with measuring(tmp_path, ENDLESS) as run:
        await run.lab.sh("pkill -KILL --full --newest '^ssh .*node-3/0'")
        async with asyncio.timeout(PATIENCE):
            while run.lab.files("node-3"):  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0.1)
        assert len(run.lab.files("node-1")) == 1, "the others work on"
        await run.interrupt()
    lost = [seen for seen in read_run(run.out).observations if seen.kind == "worker-lost"]
    assert [(seen.subject, seen.values["code"]) for seen in lost] == [("node-3/0", "hosts.ssh-killed")]


async def test_a_check_says_whether_a_run_will_work(tmp_path: Path) -> None:
    async with hosts_lab(tmp_path / "nodes", LAB) as lab:
        checked = await lab.clearway("check", "--hosts", lab.file)
        assert checked.exit == 0, checked
        assert checked.stdout.count("a worker starts there, at 198.18.0.") == LAB.nodes
        lab.write_hosts(python="/no/such/python")
        refused = await lab.clearway("check", "--hosts", lab.file)
        assert refused.exit == 3
        assert refused.stdout.count("/no/such/python can't be run there") == LAB.nodes
        assert (await lab.agents(), lab.files()) == ([], [])
