"""The specs in examples/ load, plan and run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from clearway.base.units import Duration, Rate
from clearway.campaign.acceptance import begin, measuring
from clearway.plan.forecast import forecast
from clearway.plan.model import broken_during
from clearway.plan.schedule import make_plan
from clearway.probe.parameters import Parameters, TcpParameters, UdpParameters
from clearway.probe.records import Inventory, Probe, Request, Result, Severity
from clearway.site.hosts.model import load_hosts
from clearway.spec.load import load_spec
from clearway.spec.model import Spec
from clearway.verdict.judge import judge
from clearway.verdict.model import State
from faulty_site import EquippedSite
from making import measured
from meta.tree import ROOT
from unit.plan.worlds import cluster

FOLDER = ROOT / "examples"
FILES = sorted(FOLDER.glob("*.yaml"))
NO_SPEC = {"hosts", "clusterloader2"}
"""These have formats of their own; `clusterloader2` runs in unit/cl2."""


@dataclass(frozen=True)
class Fit:
    """A cluster that an example is written for, and how long it may take there."""

    nodes: Inventory
    within: Duration


FITS = {
    "small-cluster": Fit(cluster(3, 3, link=None), Duration(8 * 60)),
    "large-cluster": Fit(cluster(50, 50, link=None), Duration(10 * 60)),
    "storage-network": Fit(cluster(8, link=None), Duration(8 * 60)),
    "voice": Fit(cluster(4, 4, link=None), Duration(3 * 60)),
    "on-hosts": Fit(cluster(2, 2), Duration(5 * 60)),
    "ladder": Fit(cluster(2, link=None), Duration(4 * 60)),
    "in-use": Fit(cluster(4, 4, link=None), Duration(3 * 60)),
    "chaos": Fit(cluster(12, link=None), Duration(5 * 60)),
}
every_fit = pytest.mark.parametrize("name", FITS)


def example(name: str) -> Spec:
    return load_spec(FOLDER / f"{name}.yaml")


def test_every_spec_has_a_cluster_that_it_is_planned_for() -> None:
    assert {path.stem for path in FILES} == FITS.keys() | NO_SPEC


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_is_listed_and_says_for_whom_it_is_and_how_to_run_it(path: Path) -> None:
    assert f"]({path.name})" in (FOLDER / "README.md").read_text(encoding="utf-8")
    header = path.read_text(encoding="utf-8").partition("\nversion:")[0]
    assert header.startswith("# For: ") or path.stem == "hosts"
    assert f"examples/{path.name}" in header or "examples/on-hosts.yaml" in header


def test_the_hosts_file_loads() -> None:
    hosts = load_hosts(FOLDER / "hosts.yaml").resolved()
    assert [host.name for host in hosts] == ["node-1", "node-2", "node-3", "node-4"]


@every_fit
def test_an_example_plans_every_test_without_a_warning_and_in_a_few_minutes(name: str) -> None:
    spec, fit = example(name), FITS[name]
    plan = make_plan(spec, fit.nodes)
    expected = forecast(plan, spec, fit.nodes)
    assert [test.name for test in expected.tests if not test.pairs] == []
    assert expected.time < fit.within
    warned = {finding.code for finding in plan.findings if finding.severity is not Severity.INFO}
    assert warned == ({"plan.nodes-broken"} if spec.chaos else set())


def test_the_large_example_grows_slowly() -> None:
    small, large = (make_plan(example("large-cluster"), cluster(count, count)) for count in (30, 90))
    assert len(large.rounds) < 4 * len(small.rounds)


def test_the_chaos_example_judges_no_pair_of_a_broken_node() -> None:
    spec, nodes = example("chaos"), FITS["chaos"].nodes
    broken = broken_during(spec, nodes)
    plan = make_plan(spec, nodes)
    assert broken.keys() == {test.name for test in spec.tests if test.when == "failing"}
    for name, names in broken.items():
        assert len(names) == 1
        assert plan.pairs(name)
        assert not {slot.node for pair in plan.pairs(name) for slot in pair} & set(names)


def test_the_gentle_example_stays_below_its_rate() -> None:
    spec = example("in-use")
    plan = make_plan(spec, FITS["in-use"].nodes)
    assert spec.max_rate == Rate(500e6)
    for round_ in plan.rounds:
        for node in {slot.node for probe in round_.probes for slot in probe.pair}:
            sent = sum(_stated(probe) for probe in round_.probes if probe.pair[0].node == node)
            assert sent <= spec.max_rate.si


def _stated(probe: Probe) -> float:
    """The rate that a sender is held to, bit/s."""
    if isinstance(probe.parameters, TcpParameters | UdpParameters):
        assert probe.parameters.rate is not None, "nothing may take what it can get"
        return probe.parameters.rate.si
    return 0.0


@pytest.mark.parametrize(
    "name",
    [
        *sorted(FITS.keys() - {"chaos", "large-cluster"}),
        pytest.param("large-cluster", marks=pytest.mark.slow),
    ],
)
async def test_an_example_is_accepted_where_the_network_is_good(tmp_path: Path, name: str) -> None:
    """`chaos` needs nodes that can be broken."""
    fit = FITS[name]
    spec = example(name).model_copy(update={"gap": Duration(0), "seed": 1})
    plan = make_plan(spec, fit.nodes)
    probes = {(round_.id, probe.id): (round_, probe) for round_ in plan.rounds for probe in round_.probes}

    def answer(request: Request) -> Result:
        round_, probe = probes[request.round, request.probe]
        value, count = _good(probe.parameters, spec.link or fit.nodes.node(probe.client.node).link)
        return next(one for one in measured(round_, probe, value, count=count) if one.half is request.half)

    site = GoodSite(answer, fit.nodes)
    async with asyncio.timeout(30), measuring(await begin(spec, site, tmp_path), site) as run:
        await run.measure_all()
    assert judge(run.record).state is State.PASS


class GoodSite(EquippedSite):
    def __init__(self, answer: Callable[[Request], Result], nodes: Inventory) -> None:
        super().__init__(answer)
        self._nodes = nodes

    async def inspect(self) -> Inventory:
        return self._nodes


def _good(parameters: Parameters, link: Rate | None) -> tuple[float, int]:
    """What a probe sees of a good network, and how many datagrams, requests or messages show it.

    The stated rate, or 95 % of the link, or 24 Gbit/s; no loss in as many datagrams as a limit of 0.001 % needs;
    answers after 1 ms.
    """
    match parameters:
        case TcpParameters(rate=rate):
            return (rate or (Rate(24e9) if link is None else link * 0.95)).si, 1
        case UdpParameters():
            return 0.0, 1_000_000
        case _:
            return 0.001, 1_000
