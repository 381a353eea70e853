"""Network policies that select the workers: what they do not allow, no worker can reach. Found where we may see them.

A policy that selects a pod cuts it off from everything that no policy allows. Whether what is left is enough is not
worked out here: a policy is named, and the measurement shows the rest.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clearway.kube.api import Api
from clearway.kube.errors import Forbidden, Invalid, NotFound
from clearway.kube.objects import ObjectList, PolicyObject
from clearway.probe.records import Finding, Severity

_Spec = Mapping[str, Any]
_DIRECTIONS = ("ingress", "egress")
_ALL_OF_CALICO = ("", "all()")


@dataclass(frozen=True)
class _PolicyKind:
    """One kind of policies."""

    name: str
    collection: str
    """`{namespace}` in it: those of one namespace only."""
    directions: Callable[[_Spec, Mapping[str, str]], Sequence[str]]
    """Those in which a policy cuts off pods with these labels."""


async def policies(api: Api, namespace: str, labels: Mapping[str, str]) -> AsyncIterator[Finding]:
    """Of every kind that is served and may be read; a cluster without one of them, or without the right, has none."""
    for kind in _KINDS:
        try:
            found = await api.get(kind.collection.format(namespace=namespace), ObjectList[PolicyObject])
        except (Forbidden, NotFound, Invalid):
            continue
        for policy in found.items:
            cut_off = {one for rule in policy.rules for one in kind.directions(rule, labels)}
            if directions := tuple(one for one in _DIRECTIONS if one in cut_off):
                values = {"kind": kind.name, "directions": directions, "namespace": namespace}
                yield Finding("kubernetes.policy", Severity.WARNING, policy.metadata.name, values)


def _of_kubernetes(spec: _Spec, labels: Mapping[str, str]) -> Sequence[str]:
    """Without `policyTypes` it is about arriving traffic, and about leaving traffic if it has rules for that."""
    if not _selects(spec.get("podSelector") or {}, labels):
        return ()
    about = spec.get("policyTypes") or ("Ingress", *(["Egress"] if spec.get("egress") else []))
    return [one for one in _DIRECTIONS if one.capitalize() in about and {} not in (spec.get(one) or [])]


def _of_cilium(spec: _Spec, labels: Mapping[str, str]) -> Sequence[str]:
    """Rules in a direction, also an empty list of them, cut off the rest; `enableDefaultDeny` can switch that off."""
    selector = spec.get("endpointSelector")
    if selector is None or not _selects(_without_source(selector), labels):
        return ()
    denies = spec.get("enableDefaultDeny") or {}
    return [
        one
        for one in _DIRECTIONS
        if denies.get(one, True) and any(spec.get(rules) is not None for rules in (one, f"{one}Deny"))
    ]


def _of_calico(spec: _Spec, labels: Mapping[str, str]) -> Sequence[str]:
    """Only those for all pods: Calico's own language of selectors is not read here."""
    if (spec.get("selector") or "").strip() not in _ALL_OF_CALICO:
        return ()
    about = spec.get("types") or ("Ingress", *(["Egress"] if spec.get("egress") else []))
    return [one for one in _DIRECTIONS if one.capitalize() in about and not _allows_all(spec.get(one) or [])]


def _allows_all(rules: Iterable[_Spec]) -> bool:
    return any(rule == {"action": "Allow"} for rule in rules)


def _without_source(selector: _Spec) -> _Spec:
    """Cilium lets a label say where it comes from: `k8s:app`, `any:app`."""
    named = {key.rpartition(":")[2]: value for key, value in (selector.get("matchLabels") or {}).items()}
    rules = [{**rule, "key": rule["key"].rpartition(":")[2]} for rule in selector.get("matchExpressions") or []]
    return {"matchLabels": named, "matchExpressions": rules}


def _selects(selector: _Spec, labels: Mapping[str, str]) -> bool:
    """As the API server reads a label selector; an empty one selects all."""
    wanted = selector.get("matchLabels") or {}
    rules = selector.get("matchExpressions") or []
    return all(labels.get(key) == value for key, value in wanted.items()) and all(_holds(one, labels) for one in rules)


def _holds(rule: _Spec, labels: Mapping[str, str]) -> bool:
    value, values = labels.get(rule["key"]), rule.get("values") or ()
    match rule["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case _:
            return value is None


_KINDS = (
    _PolicyKind("NetworkPolicy", "/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies", _of_kubernetes),
    _PolicyKind("CiliumNetworkPolicy", "/apis/cilium.io/v2/namespaces/{namespace}/ciliumnetworkpolicies", _of_cilium),
    _PolicyKind("CiliumClusterwideNetworkPolicy", "/apis/cilium.io/v2/ciliumclusterwidenetworkpolicies", _of_cilium),
    _PolicyKind(
        "Calico NetworkPolicy", "/apis/crd.projectcalico.org/v1/namespaces/{namespace}/networkpolicies", _of_calico
    ),
    _PolicyKind("GlobalNetworkPolicy", "/apis/crd.projectcalico.org/v1/globalnetworkpolicies", _of_calico),
)
