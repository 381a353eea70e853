"""Measurements that wait for the cluster, or for nothing but time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from api_objects import Json
from api_server import ApiServer
from clearway.base.errors import SiteError
from clearway.cl2.config.methods import MethodCall
from clearway.cl2.measurements.base import Critical, MeasurementMethod
from clearway.cl2.measurements.execute import expanded
from clearway.cl2.measurements.table import MEASUREMENTS
from clearway.site.kubernetes.names import NODES
from unit.cl2.conftest import READY
from unit.cl2.doubles import HERE, context

PODS = "/api/v1/namespaces/default/pods"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
JOBS = "/apis/batch/v1/namespaces/default/jobs"
QUICK = {"namespace": "default", "timeout": "300ms", "refreshInterval": "100ms"}


def call(method: str, params: dict[str, Any], action: str = "") -> MethodCall:
    checked = MEASUREMENTS[method].actions[action].model_validate(params, by_alias=True, by_name=False)
    return MethodCall(method, "it", action, checked, HERE)


async def made(method: str, params: dict[str, Any], folder: Path, kubeconfig: Path | None = None) -> None:
    await MEASUREMENTS[method].make().call(call(method, params), context(folder, kubeconfig), "test")


def pod(name: str, *, ready: bool = True) -> Json:
    status = {"phase": "Running", **READY} if ready else {"phase": "Pending"}
    return {"metadata": {"name": name, "namespace": "default"}, "status": status}


async def test_pods_are_waited_for(server: ApiServer, kubeconfig: Path, tmp_path: Path) -> None:
    server.put(PODS, pod("a"))
    await made("WaitForRunningPods", {**QUICK, "desiredPodCount": 1}, tmp_path, kubeconfig)
    server.put(PODS, pod("b", ready=False))
    with pytest.raises(SiteError) as caught:
        await made("WaitForRunningPods", {**QUICK, "desiredPodCount": 2}, tmp_path, kubeconfig)
    assert (caught.value.values["running"], caught.value.values["waiting"]) == (1, ("default/b",))


async def test_missing_pods_end_the_test_where_they_are_said_to_be_fatal(
    server: ApiServer, kubeconfig: Path, tmp_path: Path
) -> None:
    with pytest.raises(Critical):
        await made("WaitForRunningPods", {**QUICK, "desiredPodCount": 1, "isFatal": True}, tmp_path, kubeconfig)


async def test_nodes_are_neither_too_few_nor_too_many(server: ApiServer, kubeconfig: Path, tmp_path: Path) -> None:
    times = {"timeout": "300ms", "refreshInterval": "100ms"}
    await made("WaitForNodes", {**times, "minDesiredNodeCount": 1, "maxDesiredNodeCount": 2}, tmp_path, kubeconfig)
    server.put(NODES, {"metadata": {"name": "node-3"}, "status": READY})
    with pytest.raises(SiteError) as caught:
        await made("WaitForNodes", {**times, "minDesiredNodeCount": 1, "maxDesiredNodeCount": 2}, tmp_path, kubeconfig)
    assert caught.value.values["ready"] == 3


def deployment(ready: int, *, generation: int = 1, updated: int = 3) -> Json:
    status = {"readyReplicas": ready, "updatedReplicas": updated, "observedGeneration": 1}
    metadata = {"name": "d", "namespace": "default", "generation": generation}
    return {"metadata": metadata, "spec": {"replicas": 3}, "status": status}


async def controlled(
    kubeconfig: Path, folder: Path, api_version: str = "apps/v1", kind: str = "Deployment", **how: Any
) -> None:
    measurement: MeasurementMethod = MEASUREMENTS["WaitForControlledPodsRunning"].make()
    params = {"apiVersion": api_version, "kind": kind, "namespace": "default", "operationTimeout": "300ms", **how}
    name = "WaitForControlledPodsRunning"
    await measurement.call(call(name, params, "start"), context(folder, kubeconfig), "test")
    await measurement.call(call(name, {}, "gather"), context(folder, kubeconfig), "test")


async def test_controllers_are_waited_for_until_all_their_pods_run(
    server: ApiServer, kubeconfig: Path, tmp_path: Path
) -> None:
    server.put(DEPLOYMENTS, deployment(3))
    await controlled(kubeconfig, tmp_path)
    server.put(DEPLOYMENTS, deployment(2))
    with pytest.raises(SiteError) as caught:
        await controlled(kubeconfig, tmp_path)
    assert caught.value.values["waiting"] == ("default/d (2/3)",)
    await controlled(kubeconfig, tmp_path, countErrorMargin=1)


@pytest.mark.parametrize("stale", [deployment(3, generation=2), deployment(3, updated=1)])
async def test_pods_of_an_earlier_version_do_not_count(
    server: ApiServer, kubeconfig: Path, tmp_path: Path, stale: Json
) -> None:
    server.put(DEPLOYMENTS, stale)
    with pytest.raises(SiteError) as caught:
        await controlled(kubeconfig, tmp_path)
    assert caught.value.code == "door.controlled-pods-missing"


async def test_a_job_whose_pods_are_over_has_had_them_all(server: ApiServer, kubeconfig: Path, tmp_path: Path) -> None:
    server.put(JOBS, {"metadata": {"name": "j"}, "spec": {"parallelism": 2}, "status": {"succeeded": 1, "ready": 1}})
    await controlled(kubeconfig, tmp_path, "batch/v1", "Job")


async def test_a_command_runs_until_it_succeeds(tmp_path: Path) -> None:
    script = f"echo x >> {tmp_path}/log; test $(wc -l < {tmp_path}/log) -ge 2"
    command = {"command": ["sh", "-c", script], "backoffDelay": "10ms"}
    with pytest.raises(SiteError) as caught:
        await made("Exec", command, tmp_path)
    assert caught.value.code == "door.command-failed"
    await made("Exec", {**command, "retries": 2}, tmp_path)


async def test_a_command_says_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(SiteError) as caught:
        await made("Exec", {"command": ["sh", "-c", "echo no luck >&2; exit 7"]}, tmp_path)
    assert (caught.value.values["status"], caught.value.values["output"]) == (7, "no luck")


async def test_a_command_that_takes_too_long_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    with pytest.raises(SiteError) as caught:
        await made("Exec", {"command": ["sh", "-c", "sleep 100 & sleep 100"], "timeout": "100ms"}, tmp_path)
    assert caught.value.code == "door.command-timed-out"


async def test_a_command_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SiteError) as caught:
        await made("Exec", {"command": ["no-such-command"]}, tmp_path)
    assert caught.value.code == "door.command-not-run"


def test_words_of_a_command_see_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHO", "you")
    assert expanded("$WHO/${WHO}s$NOBODY") == "you/yous"


async def test_a_timer_shows_how_long_each_label_took(tmp_path: Path) -> None:
    timer = MEASUREMENTS["Timer"].make()
    for action, params in (("start", {"label": "a"}), ("stop", {"label": "a"})):
        await timer.call(call("Timer", params, action), context(tmp_path), "test")
    (summary,) = (await timer.call(call("Timer", {}, "gather"), context(tmp_path), "test")).summaries
    (item,) = summary.data["dataItems"]
    assert (item["unit"], item["labels"], item["data"].keys()) == ("s", {"test": "phases"}, {"a"})
    with pytest.raises(SiteError):
        await timer.call(call("Timer", {"label": "b"}, "stop"), context(tmp_path), "test")


async def test_sleep_sleeps(tmp_path: Path) -> None:
    await made("Sleep", {"duration": "10ms"}, tmp_path)
