"""What else is on the cluster and its nodes that a reader of the figures has to know, where we may see it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence

from clearway.kube.api import Api
from clearway.kube.errors import Forbidden, NotFound
from clearway.kube.objects import ConfigMap, KubeNode, KubeObject, ObjectList, Pod
from clearway.probe.records import Finding, Severity
from clearway.site.kubernetes.encapsulation import encapsulations
from clearway.site.kubernetes.names import MANAGED_BY, NAMESPACES
from clearway.site.kubernetes.namespace_rules import labels_of_namespace, quotas
from clearway.site.kubernetes.options import KubernetesOptions
from clearway.site.kubernetes.policies import policies
from clearway.site.kubernetes.workers import WORKER_LABELS

_SYSTEM = f"{NAMESPACES}/kube-system"
_DAEMON_SETS = "/apis/apps/v1/namespaces/kube-system/daemonsets"
_CNIS: Mapping[str, str] = {
    "calico-node": "Calico",
    "cilium": "Cilium",
    "kube-flannel-ds": "Flannel",
    "kube-flannel": "Flannel",
    "weave-net": "Weave Net",
    "antrea-agent": "Antrea",
    "kube-router": "kube-router",
    "aws-node": "Amazon VPC CNI",
    "azure-cni": "Azure CNI",
    "ovnkube-node": "OVN-Kubernetes",
    "kindnet": "kindnet",
}
_TERMINAL = ("Succeeded", "Failed")


async def surroundings(api: Api, options: KubernetesOptions, nodes: Sequence[KubeNode]) -> AsyncIterator[Finding]:
    """What can be read; sources without the right to read them are skipped."""
    names = {node.name for node in nodes}
    lookers: tuple[Callable[[], AsyncIterator[Finding]], ...] = (
        lambda: _foreign_pods(api, names),
        lambda: _network(api),
        lambda: encapsulations(api),
        lambda: labels_of_namespace(api, options.namespace),
        lambda: quotas(api, options.namespace, len(names)),
        lambda: policies(api, options.namespace, WORKER_LABELS),
    )
    for look in lookers:
        try:
            async for finding in look():
                yield finding
        except (Forbidden, NotFound):
            continue
    for finding in _images(options.image, nodes):
        yield finding


def unverified(api: Api) -> Iterator[Finding]:
    """Where it is not certain who answers: what the report says of the cluster rests on it."""
    if not api.verifies:
        yield Finding("kube.tls-unverified", Severity.WARNING, api.server)


async def _foreign_pods(api: Api, nodes: Collection[str]) -> AsyncIterator[Finding]:
    """Every pod that shares a node with a worker shares its link."""
    count = 0
    async for page in api.pages("/api/v1/pods", ObjectList[Pod]):
        count += sum(
            pod.spec.node_name in nodes
            and pod.status.phase not in _TERMINAL
            and pod.metadata.labels.get(MANAGED_BY) != "clearway"
            for pod in page.items
        )
    if count:
        yield Finding("kubernetes.foreign-pods", Severity.INFO, values={"count": count})


async def _network(api: Api) -> AsyncIterator[Finding]:
    """The network add-on, by the usual names of its DaemonSet."""
    found = await api.get(_DAEMON_SETS, ObjectList[KubeObject])
    known = tuple(dict.fromkeys(_CNIS[one.metadata.name] for one in found.items if one.metadata.name in _CNIS))
    if known:
        yield Finding("kubernetes.network", Severity.INFO, values={"network": known})
    settings = await api.get(f"{_SYSTEM}/configmaps/kube-proxy", ConfigMap)
    for line in settings.data.get("config.conf", "").splitlines():
        key, _, mode = line.partition(":")
        if key == "mode":
            shown = mode.strip().strip('"') or "iptables"
            yield Finding("kubernetes.proxy-mode", Severity.INFO, values={"mode": shown})


def _images(image: str, nodes: Sequence[KubeNode]) -> Sequence[Finding]:
    """A node lists only the largest of its images: an image that is not listed may still be there."""
    without = tuple(node.name for node in nodes if not node.has_image(image))
    if not without:
        return ()
    values = {"image": image, "nodes": without, "count": len(without)}
    return (Finding("kubernetes.image-not-seen", Severity.WARNING, values=values),)
