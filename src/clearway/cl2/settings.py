"""How a network test measures: clearway's way, or so that figures compare with ClusterLoader2's, or by its workers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from clearway.base.errors import UsageError
from clearway.base.units import Duration, Frequency, Rate
from clearway.engine.clusterloader2 import ClusterLoader2Engine
from clearway.probe.clusterloader2 import NAMESPACE
from clearway.site.kubernetes.options import IMAGE, KubernetesOptions, Workers

SettingsName = Literal["clearway", "clusterloader2", "clusterloader2-workers"]


@dataclass(frozen=True)
class Settings:
    cpu: str | None
    """Limit of a worker; None: not throttled."""
    warm_up: Duration
    attempts: int
    tests: Mapping[str, Mapping[str, Any]]
    """Protocol -> fields of the spec's test; a protocol that is missing can't be measured in this way."""
    workers: Workers = Workers.CLEARWAY

    def employed(self, cluster: KubernetesOptions) -> KubernetesOptions:
        """The cluster with these workers. ClusterLoader2's watch one namespace only.

        Raises UsageError if their image is not named.
        """
        if self.workers is Workers.CLEARWAY:
            return replace(cluster, cpu=self.cpu)
        if cluster.image == IMAGE:
            raise UsageError("door.needs-worker-image")
        return replace(cluster, cpu=self.cpu, workers=self.workers, namespace=NAMESPACE)


_UDP_OF_CLUSTERLOADER2 = Rate(750 * 1024 * 1024)
"""It starts iperf with `-b 750M`, and iperf's capital M is 1,048,576."""

_CLEARWAY = Settings(
    cpu=None,
    warm_up=Duration(2),
    attempts=3,
    tests={"tcp": {"streams": 8}, "udp": {"rate": Rate(200e6)}, "http": {"rate": Frequency(500), "connections": 16}},
)
_CLUSTERLOADER2 = Settings(
    cpu="500m",
    warm_up=Duration(0),
    attempts=1,
    tests={
        "tcp": {"streams": 1},
        "udp": {"rate": _UDP_OF_CLUSTERLOADER2},
        # ClusterLoader2's client is one user who pauses half a second on average.
        "http": {"rate": Frequency(2), "connections": 1},
    },
)
# No HTTP: these workers report a mean only, and a mean is no distribution.
_BY_ITS_WORKERS = {
    name: {**_CLUSTERLOADER2.tests[name], "engine": ClusterLoader2Engine.name} for name in ("tcp", "udp")
}

SETTINGS: Mapping[SettingsName, Settings] = {
    "clearway": _CLEARWAY,
    "clusterloader2": _CLUSTERLOADER2,
    "clusterloader2-workers": replace(_CLUSTERLOADER2, tests=_BY_ITS_WORKERS, workers=Workers.CLUSTERLOADER2),
}
