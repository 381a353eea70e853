"""A node of a real cluster loses its power during a run, and does not come back."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from clearway.base.units import Duration
from clearway.campaign.acceptance import begin, measuring
from clearway.campaign.conclusion import conclude
from clearway.kube.access import Access
from clearway.probe.records import Finding, Outcome
from clearway.report.table import REPORTS
from clearway.site.kubernetes.options import NAMESPACE, KubernetesOptions
from clearway.site.kubernetes.site import KubernetesSite
from clearway.spec.load import read_spec
from clearway.verdict.model import State
from cluster.runs.commands import await_hand_out, left_behind
from harness.cluster import Cluster

MESH = """
version: 1
seed: 1
tests:
- {name: mesh, protocol: tcp, pairing: mesh, streams: 1, duration: 2s, warm-up: 0s, accept: ["throughput >= 1 Mbit/s"]}
"""


@pytest.mark.fault(
    "cluster",
    "a node loses its power during a run",
    "Its worker is lost, with what the cluster says of the node; the others are measured; what stays there is named.",
)
async def test_a_node_that_is_gone_for_good_costs_its_own_pairs_and_what_stays_there_is_named(
    breakable: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clearway.site.kubernetes.removal.GONE_WITHIN", Duration(10))
    told: list[Finding] = []
    site = KubernetesSite(KubernetesOptions(Access(breakable.kubeconfig)), log=told.append)
    job = await begin(read_spec(MESH), site, tmp_path / "run")
    async with measuring(job, site) as run:
        going = asyncio.create_task(run.measure_all())
        await asyncio.to_thread(await_hand_out, breakable, NAMESPACE)
        breakable.power_off("node-3")
        await going
    ends = {(one.outcome, one.probe, one.half) for one in run.record.results}
    assert Outcome.WORKER_LOST in {outcome for outcome, probe, _ in ends if "node-3/" in probe}
    whole = [probe for outcome, probe, _ in ends if outcome is Outcome.MEASURED and "node-3/" not in probe]
    assert sorted(whole) == ["mesh/node-1/0>node-2/0#0"] * 2 + ["mesh/node-2/0>node-1/0#0"] * 2
    document = conclude(run.record, "en")
    assert document.state is State.INCONCLUSIVE
    said = " ".join(REPORTS["text"].render(document).split())
    assert "the cluster does not hear of its node node-3 any more: Kubelet stopped posting node status" in said
    (named,) = [finding for finding in told if finding.code == "kubernetes.workers-left"]
    assert named.values["nodes"] == ("node-3",)
    (pod,) = left_behind(breakable).split()
    kept = json.loads(breakable.kubectl("get", pod, f"--namespace={NAMESPACE}", "--output=json"))
    assert kept["spec"]["nodeName"] == "node-3"
