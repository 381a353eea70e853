"""Whether packets between nodes are encapsulated, read from the settings of the network add-on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec

from clearway.kube.api import Api
from clearway.kube.decoding import Decoder
from clearway.kube.errors import Forbidden, NotFound
from clearway.kube.objects import ConfigMap, ObjectList
from clearway.probe.records import Finding, Severity
from clearway.site.kubernetes.names import NAMESPACES

_CONFIG_MAP = f"{NAMESPACES}/{{}}/configmaps/{{}}"
_POOLS = "/apis/crd.projectcalico.org/v1/ippools"
_PLAIN = ("host-gw", "native", "disabled", "never")
"""Add-ons' words for packets without encapsulation."""


class _Backend(msgspec.Struct):
    Type: str | None = None


class _Flannel(msgspec.Struct):
    Backend: _Backend = msgspec.field(default_factory=_Backend)  # the add-on's name


class _PoolSpec(msgspec.Struct):
    vxlan: str = msgspec.field(name="vxlanMode", default="Never")
    ipip: str = msgspec.field(name="ipipMode", default="Never")


class _Pool(msgspec.Struct):
    spec: _PoolSpec = msgspec.field(default_factory=_PoolSpec)


async def encapsulations(api: Api) -> AsyncIterator[Finding]:
    """For every add-on whose settings are known, found and readable. Raises KubeError.

    The mode is in the add-on's words: `vxlan`, `geneve`, `ipip`, `host-gw`, ...
    """
    for network, look in _ADD_ONS:
        try:
            mode = await look(api)
        except (Forbidden, NotFound):
            continue
        if mode is not None:
            code = "kubernetes.not-encapsulated" if mode.lower() in _PLAIN else "kubernetes.encapsulated"
            yield Finding(code, Severity.INFO, values={"network": network, "mode": mode})


async def _flannel(api: Api) -> str | None:
    settings = await _config_map(api, "kube-flannel", "kube-flannel-cfg")
    try:
        return Decoder(_Flannel).decode(settings.get("net-conf.json", "{}")).Backend.Type
    except msgspec.DecodeError:
        return None  # settings in another format, which show nothing


async def _cilium(api: Api) -> str | None:
    """Before Cilium 1.14, `tunnel` was the only setting: whether and how."""
    settings = await _config_map(api, "kube-system", "cilium-config")
    if settings.get("routing-mode") == "native":
        return "native"
    return settings.get("tunnel-protocol") or settings.get("tunnel")


async def _calico(api: Api) -> str | None:
    """The mode of its first address pool that encapsulates; `never` if none does."""
    pools = (await api.get(_POOLS, ObjectList[_Pool])).items
    for pool in pools:
        if pool.spec.vxlan != "Never":
            return "vxlan"
        if pool.spec.ipip != "Never":
            return "ipip"
    return "never" if pools else None


async def _config_map(api: Api, namespace: str, name: str) -> dict[str, str]:
    return (await api.get(_CONFIG_MAP.format(namespace, name), ConfigMap)).data


_ADD_ONS: tuple[tuple[str, Callable[[Api], Awaitable[str | None]]], ...] = (
    ("Calico", _calico),
    ("Cilium", _cilium),
    ("Flannel", _flannel),
)
