"""The flags that name a Kubernetes cluster and how it is to be measured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from clearway.base.units import parse_duration
from clearway.kube.api import Access
from clearway.site.kubernetes.image import IMAGE
from clearway.site.kubernetes.options import NAMESPACE, KubernetesOptions, parse_toleration


@dataclass(frozen=True, kw_only=True)
class ClusterFlags:
    """Flags that name a cluster."""

    kubeconfig: Annotated[Path | None, Parameter(help="Measure the cluster of this kubeconfig.")] = None
    context: Annotated[str | None, Parameter(help="Context of the kubeconfig; left out: the current one.")] = None
    in_cluster: Annotated[bool, Parameter(negative="", help="Measure the cluster that this runs in, as a pod.")] = False
    namespace: Annotated[str, Parameter(help="Where the workers live; made, and removed, if it is missing.")] = (
        NAMESPACE
    )

    @property
    def given(self) -> bool:
        """Whether a cluster is named at all."""
        return self.in_cluster or self.kubeconfig is not None or self.context is not None

    @property
    def access(self) -> Access:
        kubeconfig = self.kubeconfig.expanduser().absolute() if self.kubeconfig is not None else None
        return Access(kubeconfig, self.context, self.in_cluster)


@dataclass(frozen=True, kw_only=True)
class ClusterRunFlags(ClusterFlags):
    """Flags that say how it is measured."""

    nodes: Annotated[str | None, Parameter(help="Label selector of the nodes to measure: role=worker.")] = None
    image: Annotated[str, Parameter(help="The worker's image.")] = IMAGE
    pull_secret: Annotated[tuple[str, ...], Parameter(negative="", help="Secret to pull it; can be repeated.")] = ()
    tolerate: Annotated[
        tuple[str, ...], Parameter(negative="", help="Taint that does not keep workers off: key[=value][:effect].")
    ] = ()
    priority_class: Annotated[str | None, Parameter(help="Priority class of the workers' pods.")] = None
    lease: Annotated[str, Parameter(help="How long workers outlive a controller that died.")] = "10 min"
    partial: Annotated[
        bool, Parameter(negative="", help="Measure what can be measured where some workers don't start.")
    ] = False

    brake: Annotated[bool, Parameter(help="Stop where nodes or the API server get into trouble.")] = True

    def options(self, machine_label: str | None) -> KubernetesOptions:
        return KubernetesOptions(
            access=self.access,
            namespace=self.namespace,
            nodes=self.nodes,
            image=self.image,
            pull_secrets=self.pull_secret,
            tolerations=tuple(parse_toleration(text) for text in self.tolerate),
            priority_class=self.priority_class,
            lease=parse_duration(self.lease),
            machine_label=machine_label,
            partial=self.partial,
            brake=self.brake,
        )


WhichCluster = Annotated[ClusterFlags, Parameter(name="*")]
HowCluster = Annotated[ClusterRunFlags, Parameter(name="*")]

NO_CLUSTER = ClusterRunFlags()
NO_CLUSTER_FLAGS = ClusterFlags()
