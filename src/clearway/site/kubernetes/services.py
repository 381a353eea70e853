"""Services of workers, for paths that go through one: each has one worker behind it, and goes with the run's Job."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from clearway.base.units import Duration
from clearway.kube.api import Api, ApiObject
from clearway.kube.objects import Pod, Service
from clearway.probe.paths import WantedServices
from clearway.probe.records import Endpoint, ServiceAddress, Worker, family_of
from clearway.site.kubernetes.names import JOB_INDEX, NETWORK, OURS, RUN, Paths

_PORTS = 4
"""Ports of a Service, each for TCP and UDP: a pair uses two at once, and the next round others. A NodePort is one of
2,768 of the whole cluster."""
_IN_EFFECT = Duration(10)
"""From when a Service is there until every node translates its address: nothing says when. kube-proxy writes its rules
once a second at most, and takes seconds for some thousand Services; a client that comes before is refused, which would
look like a road that is dead."""


@dataclass(frozen=True)
class WorkerServices:
    """Of one run."""

    api: Api
    paths: Paths
    run: str
    wanted: WantedServices
    owner: ApiObject

    async def made_for(self, name: str, worker: Worker, pod: Pod) -> tuple[ServiceAddress, ...] | None:
        """The addresses of a worker's Service, once they can be in effect; None where none is wanted.

        Raises KubeError.
        """
        ways = self.wanted.get(worker.slot)
        if not ways:
            return None
        manifest = self._manifest(name, worker, "NodePort" if _NODE_PORT in ways else "ClusterIP")
        await self.api.create(self.paths.services, manifest)
        made = await self.api.get(f"{self.paths.services}/{name}", Service)
        await asyncio.sleep(_IN_EFFECT.si)
        return tuple(one for one in addresses(made, pod) if one.path in ways)

    def _manifest(self, name: str, worker: Worker, kind: str) -> ApiObject:
        ports = [
            {"name": f"{protocol.lower()}-{port}", "protocol": protocol, "port": port, "targetPort": port}
            for port in worker.ports[:_PORTS]
            for protocol in ("TCP", "UDP")
        ]
        mine = {RUN: self.run, NETWORK: worker.slot.network, JOB_INDEX: name.rpartition("-")[2]}
        return {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name, "labels": {**OURS, RUN: self.run}, "ownerReferences": [self.owner]},
            "spec": {"type": kind, "ipFamilyPolicy": "PreferDualStack", "selector": mine, "ports": ports},
        }


_CLUSTER_IP, _NODE_PORT = "cluster-ip", "node-port"


def addresses(service: Service, pod: Pod) -> Iterator[ServiceAddress]:
    """Where its worker is reached. A NodePort is dialled at the worker's own node, so that it adds no hop."""
    families = {family_of(address) for address in service.spec.cluster_ips}
    hosts = [host.ip for host in pod.status.host_ips] or [pod.status.host_ip]
    reached: Mapping[str, list[str]] = {
        _CLUSTER_IP: list(service.spec.cluster_ips),
        _NODE_PORT: [host for host in hosts if family_of(host) in families],
    }
    for path, found in reached.items():
        for one in service.spec.ports:
            if (number := one.node_port if path == _NODE_PORT else one.port) is not None:
                for address in found:
                    yield ServiceAddress(path, one.protocol.lower(), Endpoint(address, number), one.port)
