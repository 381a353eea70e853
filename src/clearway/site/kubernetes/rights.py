"""Compares the user's rights with those that a run needs, and gives the workers theirs.

Missing rights become a manifest, ready to apply.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from clearway.base.units import Duration
from clearway.kube.api import Api, ApiObject
from clearway.kube.errors import Forbidden, KubeError, NotFound
from clearway.kube.objects import AccessReview
from clearway.kube.until import settle
from clearway.probe.records import Finding, Severity
from clearway.site.base import at_once
from clearway.site.kubernetes.cluster_scope import CLUSTER_RULES, CONTROLLER_RULES, OBSERVER_RULES, RBAC
from clearway.site.kubernetes.names import CONTROLLER, OBSERVER


@dataclass(frozen=True, order=True)
class Right:
    """One verb on one kind of object; `namespace` None: in the whole cluster."""

    group: str
    resource: str
    verb: str
    namespace: str | None


def needed(namespace: str) -> tuple[Right, ...]:
    """All that a run needs in a cluster with the CRD installed."""
    return (*_rights(CLUSTER_RULES, None), *_rights(CONTROLLER_RULES, namespace))


def useful() -> tuple[Right, ...]:
    """Optional rights: without them a run sees less of what happens around it."""
    return tuple(_rights(OBSERVER_RULES, None))


async def missing(api: Api, rights: Sequence[Right]) -> tuple[Right, ...]:
    """Those of these rights that the user lacks. Raises KubeError."""
    found: list[Right] = []

    async def review(right: Right) -> None:
        if not await may(api, right):
            found.append(right)

    await at_once(review(right) for right in rights)
    return tuple(sorted(found, key=lambda right: (right.namespace or "", right.group, right.resource, right.verb)))


_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


async def may(api: Api, right: Right) -> bool:
    """Whether the user has a right, answered by the API server."""
    resource, _, subresource = right.resource.partition("/")
    attributes = {"group": right.group, "resource": resource, "verb": right.verb, "namespace": right.namespace or ""}
    if subresource:
        attributes["subresource"] = subresource
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
    answer = await api.post(_REVIEWS, {**review, "spec": {"resourceAttributes": attributes}}, AccessReview)
    return answer.status.allowed


_BOUND_WITHIN = Duration(5)
"""API servers learn of a new role through a watch, a fraction of a second after it is created."""


async def bind_role(api: Api, collection: str, binding: ApiObject) -> None:
    """Try until the API server knows the role: before, only an administrator may bind it. Raises KubeError."""

    async def refusal() -> KubeError | None:
        try:
            await api.create(collection, binding)
        except (NotFound, Forbidden) as error:
            return error
        return None

    if (refused := await settle(refusal, operator.not_, _BOUND_WITHIN)) is not None:
        raise refused


def findings(rights: Sequence[Right]) -> Iterator[Finding]:
    """One finding for each namespace with missing rights, with the rules to apply."""
    for namespace in sorted({right.namespace for right in rights}, key=lambda name: name or ""):
        lacking = [right for right in rights if right.namespace == namespace]
        rules = yaml.safe_dump(_role(namespace, lacking), sort_keys=False)
        values = {"count": len(lacking), "manifest": rules, "rights": tuple(_words(right) for right in lacking)}
        yield Finding("kubernetes.rights-missing", Severity.ERROR, namespace or "cluster", values)


def hints(rights: Sequence[Right]) -> Iterator[Finding]:
    """One finding about missing optional rights."""
    if rights:
        values = {"role": OBSERVER, "rights": tuple(_words(right) for right in rights)}
        yield Finding("kubernetes.sees-less", Severity.INFO, "cluster", values)


def _role(namespace: str | None, rights: Sequence[Right]) -> ApiObject:
    metadata = {"name": CONTROLLER} if namespace is None else {"name": CONTROLLER, "namespace": namespace}
    verbs: dict[tuple[str, str], list[str]] = {}
    for right in rights:
        verbs.setdefault((right.group, right.resource), []).append(right.verb)
    rules = [{"apiGroups": [group], "resources": [one], "verbs": words} for (group, one), words in verbs.items()]
    kind = "ClusterRole" if namespace is None else "Role"
    return {"apiVersion": RBAC, "kind": kind, "metadata": metadata, "rules": rules}


def _words(right: Right) -> str:
    return f"{right.verb} {right.resource}"


def _rights(rules: Sequence[dict[str, Any]], namespace: str | None) -> Iterator[Right]:
    for rule in rules:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                for verb in rule["verbs"]:
                    yield Right(group, resource, verb, namespace)
