"""What a cluster's own objects say of its network and of the namespace."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from api_objects import Json
from api_server import ApiServer, Fault, api_server
from clearway.kube.access import Access
from clearway.kube.api import connect
from clearway.probe.records import Finding, Severity
from clearway.site.kubernetes import names
from clearway.site.kubernetes.namespace_rules import quotas
from clearway.site.kubernetes.options import KubernetesOptions
from clearway.site.kubernetes.surroundings import surroundings

SYSTEM = f"{names.NAMESPACES}/kube-system/configmaps"
FLANNEL = f"{names.NAMESPACES}/kube-flannel/configmaps"
POOLS = "/apis/crd.projectcalico.org/v1/ippools"


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with api_server() as running:
        yield running


async def found(server: ApiServer, folder: Path) -> dict[str, Finding]:
    access = Access(server.kubeconfig(folder))
    async with connect(access) as api:
        return {one.code: one async for one in surroundings(api, KubernetesOptions(access), ())}


def flannel(backend: str) -> tuple[str, Json]:
    return FLANNEL, {"metadata": {"name": "kube-flannel-cfg"}, "data": {"net-conf.json": backend}}


def cilium(**settings: str) -> tuple[str, Json]:
    data = {name.replace("_", "-"): value for name, value in settings.items()}
    return SYSTEM, {"metadata": {"name": "cilium-config"}, "data": data}


def calico(**modes: str) -> tuple[str, Json]:
    return POOLS, {"metadata": {"name": "pool"}, "spec": modes}


@pytest.mark.parametrize(
    ("settings", "network", "mode", "wraps"),
    [
        (flannel(json.dumps({"Backend": {"Type": "vxlan"}})), "Flannel", "vxlan", True),
        (flannel(json.dumps({"Backend": {"Type": "host-gw"}})), "Flannel", "host-gw", False),
        (cilium(routing_mode="tunnel", tunnel_protocol="geneve"), "Cilium", "geneve", True),
        (cilium(routing_mode="native", tunnel_protocol="vxlan"), "Cilium", "native", False),
        (cilium(tunnel="vxlan"), "Cilium", "vxlan", True),
        (cilium(tunnel="disabled"), "Cilium", "disabled", False),
        (calico(ipipMode="Always", vxlanMode="Never"), "Calico", "ipip", True),
        (calico(ipipMode="Never", vxlanMode="CrossSubnet"), "Calico", "vxlan", True),
        (calico(ipipMode="Never", vxlanMode="Never"), "Calico", "never", False),
    ],
)
async def test_an_add_ons_settings_show_whether_packets_are_wrapped(
    server: ApiServer, tmp_path: Path, settings: tuple[str, Json], network: str, mode: str, wraps: bool
) -> None:
    server.put(*settings)
    codes = await found(server, tmp_path)
    told = codes["kubernetes.encapsulated" if wraps else "kubernetes.not-encapsulated"]
    assert told.values == {"network": network, "mode": mode}


@pytest.mark.parametrize("settings", [flannel("{"), flannel("{}"), flannel('{"Backend": 3}'), cilium()])
async def test_settings_that_say_nothing_are_reported_as_nothing(
    server: ApiServer, tmp_path: Path, settings: tuple[str, Json]
) -> None:
    server.put(*settings)
    assert not {"kubernetes.encapsulated", "kubernetes.not-encapsulated"} & (await found(server, tmp_path)).keys()


async def test_what_may_not_be_read_is_passed_over(server: ApiServer, tmp_path: Path) -> None:
    server.put(*flannel(json.dumps({"Backend": {"Type": "vxlan"}})))
    server.faults.append(Fault(lambda request: "/configmaps/" in request.path, times=100, status=403))
    assert "kubernetes.encapsulated" not in await found(server, tmp_path)


async def test_the_pod_security_of_the_namespace_is_reported(server: ApiServer, tmp_path: Path) -> None:
    labels = {"pod-security.kubernetes.io/enforce": "baseline"}
    server.put(names.NAMESPACES, {"metadata": {"name": "clearway", "labels": labels}})
    told = (await found(server, tmp_path))["kubernetes.pod-security"]
    assert (told.subject, told.values) == ("clearway", {"level": "baseline"})


async def test_a_quota_of_round_thousands_is_read_as_the_api_server_writes_it(
    server: ApiServer, tmp_path: Path
) -> None:
    quota = {"metadata": {"name": "q"}, "status": {"hard": {"pods": "1k"}, "used": {"pods": "2k"}}}
    server.put(f"{names.NAMESPACES}/clearway/resourcequotas", quota)
    assert (await found(server, tmp_path))["kubernetes.quota-too-small"].values["free"] == -1000


HOME = f"{names.NAMESPACES}/clearway"
QUOTAS, RANGES = f"{HOME}/resourcequotas", f"{HOME}/limitranges"


def quota(**hard: str) -> Json:
    """`limits_cpu` is `limits.cpu`."""
    amounts = {name.replace("_", "."): amount for name, amount in hard.items()}
    return {"metadata": {"name": "q"}, "status": {"hard": amounts, "used": {"pods": "999"}}}


def default_limits(**limits: str) -> Json:
    kinds = [{"type": "Pod", "max": {"cpu": "1"}}, {"type": "Container", "default": limits}]
    return {"metadata": {"name": "defaults"}, "spec": {"limits": kinds}}


async def with_workers(server: ApiServer, folder: Path, workers: int) -> dict[str, Finding]:
    access = Access(server.kubeconfig(folder))
    async with connect(access) as api:
        return {one.code: one async for one in quotas(api, "clearway", workers)}


@pytest.mark.parametrize(("pods", "free"), [("1k", 1), ("1000", 1), ("0", -999)])
async def test_a_quota_of_pods_is_read_as_a_quantity(server: ApiServer, tmp_path: Path, pods: str, free: int) -> None:
    server.put(QUOTAS, quota(pods=pods))
    told = (await with_workers(server, tmp_path, 2))["kubernetes.quota-too-small"]
    assert (told.severity, told.values) == (Severity.WARNING, {"quota": "q", "free": free, "count": 2})


@pytest.mark.parametrize("pods", ["15k", "1Ki"])
async def test_a_quota_with_room_is_no_finding(server: ApiServer, tmp_path: Path, pods: str) -> None:
    server.put(QUOTAS, quota(pods=pods))
    assert await with_workers(server, tmp_path, 2) == {}


async def test_a_quota_on_limits_is_left_to_the_worker_that_is_tried(server: ApiServer, tmp_path: Path) -> None:
    server.put(QUOTAS, quota(limits_cpu="100", limits_memory="1Gi"))
    server.put(RANGES, default_limits(memory="1Gi"))
    told = (await with_workers(server, tmp_path, 2))["kubernetes.quota-on-limits"]
    assert (told.severity, told.values["limits"]) == (Severity.WARNING, ("limits.cpu", "limits.memory"))


async def test_a_quota_on_limits_is_met_by_the_default_limits_of_the_namespace(
    server: ApiServer, tmp_path: Path
) -> None:
    server.put(QUOTAS, quota(limits_cpu="100"))
    server.put(RANGES, default_limits(cpu="64"))
    told = await with_workers(server, tmp_path, 2)
    assert {code: one.values for code, one in told.items()} == {"kubernetes.default-limits": {"limits": ("cpu 64",)}}


@pytest.mark.parametrize(
    ("mark", "is_mesh"),
    [
        ({"istio-injection": "enabled"}, True),
        ({"istio.io/rev": "1-24-1"}, True),
        ({"istio.io/dataplane-mode": "ambient"}, True),
        ({"istio.io/dataplane-mode": "none"}, False),
        ({"istio-injection": "disabled"}, False),
    ],
)
async def test_a_mesh_in_the_namespace_is_a_finding(
    server: ApiServer, tmp_path: Path, mark: dict[str, str], is_mesh: bool
) -> None:
    server.put(names.NAMESPACES, {"metadata": {"name": "clearway", "labels": mark}})
    told = (await found(server, tmp_path)).get("kubernetes.mesh")
    assert (told is not None) == is_mesh
    (label,) = (f"{name}={value}" for name, value in mark.items())
    assert told is None or told.values["labels"] == (label,)


async def test_a_mesh_that_an_annotation_brings_is_one_too(server: ApiServer, tmp_path: Path) -> None:
    server.put(names.NAMESPACES, {"metadata": {"name": "clearway", "annotations": {"linkerd.io/inject": "enabled"}}})
    assert "kubernetes.mesh" in await found(server, tmp_path)


POLICIES = "/apis/networking.k8s.io/v1/namespaces/clearway/networkpolicies"
CILIUM, CALICO = "/apis/cilium.io/v2", "/apis/crd.projectcalico.org/v1"
OURS = {"app.kubernetes.io/managed-by": "clearway"}
BOTH = ("ingress", "egress")


@pytest.mark.parametrize(
    ("place", "spec", "directions"),
    [
        (POLICIES, {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}, BOTH),
        (POLICIES, {"podSelector": {}}, ("ingress",)),
        (POLICIES, {"podSelector": None, "policyTypes": ["Egress"], "egress": None}, ("egress",)),
        (POLICIES, {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{}]}, ()),
        (POLICIES, {"podSelector": {"matchLabels": OURS}, "ingress": [{"from": []}]}, ("ingress",)),
        (POLICIES, {"podSelector": {"matchLabels": {"app": "shop"}}}, ()),
        (POLICIES, {"podSelector": {"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}}, ("ingress",)),
        (POLICIES, {"podSelector": {"matchExpressions": [{"key": "app", "operator": "Exists"}]}}, ()),
        (
            f"{CILIUM}/namespaces/clearway/ciliumnetworkpolicies",
            {"endpointSelector": {"matchLabels": {f"k8s:{key}": one for key, one in OURS.items()}}, "ingress": []},
            ("ingress",),
        ),
        (f"{CILIUM}/ciliumclusterwidenetworkpolicies", {"endpointSelector": {}, "egressDeny": [{}]}, ("egress",)),
        (f"{CILIUM}/ciliumclusterwidenetworkpolicies", {"nodeSelector": {}, "ingress": [{}]}, ()),
        (f"{CALICO}/globalnetworkpolicies", {"selector": "all()", "types": ["Ingress", "Egress"]}, BOTH),
        (f"{CALICO}/globalnetworkpolicies", {"types": ["Egress"], "egress": [{"action": "Allow"}]}, ()),
        (f"{CALICO}/namespaces/clearway/networkpolicies", {"selector": "app == 'shop'", "types": ["Ingress"]}, ()),
    ],
)
async def test_a_policy_that_cuts_workers_off_is_named_with_its_directions(
    server: ApiServer, tmp_path: Path, place: str, spec: Json, directions: tuple[str, ...]
) -> None:
    server.put(place, {"metadata": {"name": "deny"}, "spec": spec})
    told = (await found(server, tmp_path)).get("kubernetes.policy")
    assert ((told.subject, told.values["directions"]) if told else None) == (
        ("deny", directions) if directions else None
    )


async def test_policies_that_may_not_be_read_are_no_failure(server: ApiServer, tmp_path: Path) -> None:
    server.faults.append(Fault(lambda request: "policies" in request.path, times=100, status=403))
    server.put(names.NAMESPACES, {"metadata": {"name": "clearway", "labels": {"istio-injection": "enabled"}}})
    assert (await found(server, tmp_path)).keys() == {"kubernetes.mesh"}
