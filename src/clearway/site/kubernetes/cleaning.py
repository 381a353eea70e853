"""Installs clearway's cluster-scoped objects, and removes them and what runs have left, found by label."""

from __future__ import annotations

import operator
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from clearway.kube.access import Access
from clearway.kube.api import Api, connect
from clearway.kube.errors import Forbidden, KubeError, NotFound
from clearway.kube.objects import KubeObject, ObjectList, Pod
from clearway.kube.until import settle_in_service
from clearway.probe.clusterloader2 import NAMESPACE as CLUSTERLOADER2_NAMESPACE
from clearway.probe.records import Finding, Severity
from clearway.site.base import FindingLog
from clearway.site.kubernetes import names
from clearway.site.kubernetes.cluster_scope import manifests
from clearway.site.kubernetes.installation import GONE_WITHIN, Installation
from clearway.site.kubernetes.removal import workers_left
from clearway.site.kubernetes.worker_kinds import WORKER_KINDS

T = TypeVar("T")
_Objects = ObjectList[KubeObject]
_KINDS = tuple(workers.scope.kind for workers in WORKER_KINDS.values())
_COLLECTIONS = {
    "Namespace": names.NAMESPACES,
    "CustomResourceDefinition": names.CRDS,
    "ValidatingAdmissionPolicy": names.POLICIES,
    "ValidatingAdmissionPolicyBinding": names.BINDINGS,
    "ClusterRole": names.CLUSTER_ROLES,
}


async def install(access: Access, namespace: str, log: FindingLog) -> None:
    """Create or update the objects that a cluster has once for all runs. Raises KubeError."""
    async with connect(access, log) as api:
        for manifest in manifests(namespace):
            path = _path(manifest, namespace)
            await api.apply(path, manifest)
            log(Finding("kubernetes.applied", Severity.INFO, _shown(manifest)))
        await Installation(api, namespace, log).await_served()


async def uninstall(access: Access, namespace: str, log: FindingLog) -> bool:
    """Remove them. False if a run still has mailboxes, which would be deleted with the CRD. Raises KubeError."""
    async with connect(access, log) as api:
        if await _ours(api, names.ALL_MAILBOXES, _Objects):
            log(Finding("kubernetes.kind-in-use", Severity.WARNING, names.CRD))
            return False
        for manifest in reversed(manifests(namespace)):
            if manifest["kind"] != "Namespace" or await _is_ours(api, namespace):
                await _remove(api, _path(manifest, namespace), _shown(manifest), log)
        return True


async def clean(access: Access, namespace: str | None, log: FindingLog) -> int:
    """Remove what runs left in one namespace (None: in all), and the cluster-scoped objects of runs. Returns how many.

    The namespace of ClusterLoader2's workers is always included: they have only that one.
    """
    async with connect(access, log) as api:
        removed = 0
        for one in sorted({namespace, CLUSTERLOADER2_NAMESPACE}) if namespace is not None else await _namespaces(api):
            removed += await _clear(api, one, log)
        if not await _is_any_run_active(api):
            removed += await _remove_kept_by_runs(api, log)
        return removed


async def _clear(api: Api, namespace: str, log: FindingLog) -> int:
    """Objects that a Job owns are deleted with it; those that never got an owner are deleted here."""
    removed, paths = 0, names.Paths(namespace)
    mailboxes = (kind.within(namespace) for kind in _KINDS)
    for collection in (paths.jobs, *mailboxes, paths.accounts, paths.roles, paths.role_bindings, paths.leases):
        for item in await _ours(api, collection, _Objects):
            if names.KEEPER not in item.metadata.annotations:
                removed += await _remove(api, f"{collection}/{item.metadata.name}", item.metadata.name, log)
    await _report_left_workers(api, paths, log)
    return removed


async def _report_left_workers(api: Api, paths: names.Paths, log: FindingLog) -> None:
    """Report nodes whose workers remain: on a node that doesn't answer a worker ends only with its lease."""
    workers = partial(_ours, api, paths.pods, ObjectList[Pod])
    if left := await settle_in_service(api.presence, workers, operator.not_, GONE_WITHIN):
        log(workers_left(len(left), {pod.spec.node_name for pod in left if pod.spec.node_name}))


async def _remove_kept_by_runs(api: Api, log: FindingLog) -> int:
    removed = 0
    for collection in (names.BINDINGS, names.POLICIES, names.CRDS, names.NAMESPACES):
        for item in await _ours(api, collection, _Objects):
            if item.metadata.annotations.get(names.KEEPER) == "run":
                removed += await _remove(api, f"{collection}/{item.metadata.name}", item.metadata.name, log)
    return removed


async def _remove(api: Api, path: str, shown: str, log: FindingLog) -> int:
    with suppress(NotFound):
        await api.delete(path, propagationPolicy="Background")
        log(Finding("kubernetes.removed", Severity.INFO, shown))
        return 1
    return 0


async def _is_any_run_active(api: Api) -> bool:
    """Whether any run still has a Job or a mailbox, for any kind of workers."""
    for collection in (names.ALL_JOBS, *(kind.everywhere for kind in _KINDS)):
        if await _ours(api, collection, _Objects):
            return True
    return False


async def _namespaces(api: Api) -> list[str]:
    """Namespaces that hold a Job of ours."""
    found = await api.get(names.ALL_JOBS, _Objects, **names.selector())
    return sorted({item.metadata.namespace for item in found.items})


async def _is_ours(api: Api, namespace: str) -> bool:
    try:
        found = await api.get(f"{names.NAMESPACES}/{namespace}", KubeObject)
    except KubeError:
        return False
    return names.KEEPER in found.metadata.annotations


async def _ours(api: Api, collection: str, kind: type[ObjectList[T]]) -> tuple[T, ...]:
    """Our objects in a collection; none if it may not be listed or is not served."""
    try:
        return (await api.get(collection, kind, **names.selector())).items
    except (Forbidden, NotFound):
        return ()


def _path(manifest: dict[str, Any], namespace: str) -> str:
    kind, name = manifest["kind"], manifest["metadata"]["name"]
    collection = _COLLECTIONS.get(kind) or names.Paths(namespace).roles
    return f"{collection}/{name}"


def _shown(manifest: dict[str, Any]) -> str:
    return f"{manifest['kind']} {manifest['metadata']['name']}"
