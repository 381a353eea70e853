"""What a run needs to know of a cluster before it starts."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from clearway.kube.api import Api
from clearway.kube.errors import Forbidden, NotFound
from clearway.kube.objects import KubeObject, ServerInfo
from clearway.probe.records import Finding, Severity
from clearway.site.kubernetes.names import NAMESPACES
from clearway.site.kubernetes.nodes import unfit, wanted_nodes
from clearway.site.kubernetes.options import KubernetesOptions


@dataclass(frozen=True)
class ServerVersion:
    text: str
    number: tuple[int, int]


async def server_version(api: Api) -> ServerVersion:
    found = await api.get("/version", ServerInfo)
    return ServerVersion(found.git_version, (_leading(found.major), _leading(found.minor)))


async def cluster_id(api: Api) -> str:
    """An identity of the cluster: the uid of kube-system or, without the right to read it, the server's address."""
    try:
        return (await api.get(f"{NAMESPACES}/kube-system", KubeObject)).metadata.uid
    except (Forbidden, NotFound):
        return api.server


async def check_nodes(api: Api, options: KubernetesOptions, names: Collection[str]) -> Mapping[str, Sequence[Finding]]:
    """Those of these nodes that can't hold a worker now, with the reasons."""
    found = {node.name: list(unfit(node, options.tolerations)) for node in await wanted_nodes(api, options)}
    gone = {name: [Finding("kubernetes.node-gone", Severity.ERROR, name)] for name in names if name not in found}
    return {**{name: why for name, why in found.items() if why and name in names}, **gone}


def _leading(text: str) -> int:
    """Providers write `31+`."""
    match = re.match(r"\d+", text)
    return int(match.group()) if match else 0
