"""What a cluster's own objects say of its network and of the namespace."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from api_server import ApiServer, Fault, Json, api_server
from clearway.kube.api import Access, connect
from clearway.probe.records import Finding
from clearway.site.kubernetes import names
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
