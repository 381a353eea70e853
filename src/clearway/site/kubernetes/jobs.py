"""The Jobs of one run: one for the workers in each network. The first owns all that goes with the run."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from clearway.kube.api import Api, ApiObject
from clearway.probe.records import Slot
from clearway.probe.slot import HOST
from clearway.site.kubernetes.cluster_scope import Scoped
from clearway.site.kubernetes.names import Paths
from clearway.site.kubernetes.nodes import cluster_sets_ids, server_version
from clearway.site.kubernetes.options import KubernetesOptions
from clearway.site.kubernetes.worker_kinds import WORKER_KINDS
from clearway.site.kubernetes.workers import WorkerManifests, owned_by


@dataclass(frozen=True)
class RunJobs:
    manifests: tuple[WorkerManifests, ...]
    """Not empty; all of one name."""

    @property
    def first(self) -> WorkerManifests:
        """Its account and its role are those of all."""
        return self.manifests[0]

    @property
    def name(self) -> str:
        """Of the run."""
        return self.first.name

    @property
    def sizes(self) -> Mapping[str, int]:
        """How many workers each Job has."""
        return {one.job_name: one.size for one in self.manifests}

    async def create(self, api: Api, paths: Paths) -> ApiObject:
        """Returns the reference to the owner. Raises KubeError."""
        await api.create(paths.accounts, self.first.account())
        owner = owned_by(await api.create(paths.jobs, self.first.job()))
        for other in self.manifests[1:]:
            await api.create(paths.jobs, other.job(owner))
        return owner

    async def equip(self, api: Api, paths: Paths, owner: ApiObject) -> None:
        """The account goes with its owner, and there is a role for it. Raises KubeError."""
        await api.merge(f"{paths.accounts}/{self.name}", {"metadata": {"ownerReferences": [owner]}})
        await api.create(paths.roles, self.first.role(owner))

    def mailboxes(self, owner: ApiObject) -> Iterable[ApiObject]:
        for one in self.manifests:
            yield from one.mailboxes(owner)


async def jobs_for(api: Api, options: KubernetesOptions, slots: Sequence[Slot]) -> RunJobs:
    """Of a new run. Raises KubeError."""
    version, sets_ids = await server_version(api), await cluster_sets_ids(api)
    name, manifests = f"clearway-{secrets.token_hex(3)}", WORKER_KINDS[options.workers].manifests
    return RunJobs(
        tuple(
            manifests(name, size, nodes, options, version.number, sets_ids, network)
            for network, nodes, size in in_each_network(slots)
        )
    )


def scope_for(scope: Scoped, slots: Iterable[Slot]) -> Scoped:
    """Pods in the network of their node are more than the namespace's usual rules allow."""
    return replace(scope, pod_security="privileged") if any(slot.network == HOST for slot in slots) else scope


def in_each_network(slots: Sequence[Slot]) -> Iterator[tuple[str, tuple[str, ...], int]]:
    """Network, nodes, workers in all: as many on each node as on the busiest one, because pods are spread evenly."""
    for network in sorted({slot.network for slot in slots}, reverse=True):
        mine = [slot.node for slot in slots if slot.network == network]
        nodes = tuple(sorted(set(mine)))
        yield network, nodes, len(nodes) * max(map(mine.count, nodes))
