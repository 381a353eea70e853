"""What the namespace asks of pods, and adds to them: pod security, quotas, default limits, a service mesh."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping

from clearway.kube.api import Api
from clearway.kube.errors import Forbidden
from clearway.kube.objects import KubeObject, LimitRange, ObjectList, ResourceQuota
from clearway.kube.quantity import parse_quantity
from clearway.probe.records import Finding, Severity
from clearway.site.kubernetes.names import NAMESPACES

_ENFORCED = "pod-security.kubernetes.io/enforce"
_LIMITS = "limits."
_MESHES: Mapping[str, tuple[str, ...]] = {
    "istio-injection": ("enabled",),
    "istio.io/rev": (),
    "istio.io/dataplane-mode": ("ambient",),
    "linkerd.io/inject": ("enabled", "ingress"),
    "kuma.io/sidecar-injection": ("enabled", "true"),
    "consul.hashicorp.com/connect-inject": ("enabled", "true"),
}
"""Labels and annotations that bring a mesh to the pods of a namespace, with the values that do; none: any value."""


async def labels_of_namespace(api: Api, namespace: str) -> AsyncIterator[Finding]:
    """Pod security, for information: no level refuses our workers. And a mesh, whose proxies would be measured too."""
    metadata = (await api.get(f"{NAMESPACES}/{namespace}", KubeObject)).metadata
    if (level := metadata.labels.get(_ENFORCED)) is not None:
        yield Finding("kubernetes.pod-security", Severity.INFO, namespace, {"level": level})
    marks = tuple(
        f"{key}={value}" for key, value in {**metadata.labels, **metadata.annotations}.items() if _is_mesh(key, value)
    )
    if marks:
        yield Finding("kubernetes.mesh", Severity.WARNING, namespace, {"labels": marks})


def _is_mesh(key: str, value: str) -> bool:
    return key in _MESHES and (not _MESHES[key] or value in _MESHES[key])


async def quotas(api: Api, namespace: str, workers: int) -> AsyncIterator[Finding]:
    """Warnings only: what else has a say (scopes, defaults, webhooks) only a worker that is tried can show."""
    found = await api.get(f"{NAMESPACES}/{namespace}/resourcequotas", ObjectList[ResourceQuota])
    defaults = await _default_limits(api, namespace)
    for quota in found.items:
        for finding in (*_too_small(quota, workers), *_on_limits(quota, defaults)):
            yield Finding(finding.code, finding.severity, namespace, {"quota": quota.metadata.name, **finding.values})
    if defaults:
        values = {"limits": tuple(f"{name} {limit}" for name, limit in defaults.items())}
        yield Finding("kubernetes.default-limits", Severity.INFO, namespace, values)


def _too_small(quota: ResourceQuota, workers: int) -> Iterator[Finding]:
    for key in ("pods", "count/pods"):
        if (most := quota.status.hard.get(key)) is not None:
            free = int(parse_quantity(most) - parse_quantity(quota.status.used.get(key, "0")))
            if free < workers:
                yield Finding("kubernetes.quota-too-small", Severity.WARNING, values={"free": free, "count": workers})


def _on_limits(quota: ResourceQuota, defaults: Mapping[str, str]) -> Iterator[Finding]:
    """A quota on limits refuses pods without limits. Our workers have none: a CPU limit would throttle the sender."""
    limits = tuple(key for key in quota.status.hard if key.startswith(_LIMITS))
    if any(key.removeprefix(_LIMITS) not in defaults for key in limits):
        yield Finding("kubernetes.quota-on-limits", Severity.WARNING, values={"limits": limits})


async def _default_limits(api: Api, namespace: str) -> Mapping[str, str]:
    """What containers without limits get; empty without the right to read it."""
    try:
        found = await api.get(f"{NAMESPACES}/{namespace}/limitranges", ObjectList[LimitRange])
    except Forbidden:
        return {}
    items = (item for one in found.items for item in one.spec.limits if item.type == "Container")
    return {name: limit for item in items for name, limit in item.default.items()}
