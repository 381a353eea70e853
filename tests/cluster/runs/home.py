"""The namespace that workers live in: where it is there already, a run leaves it, and a cluster need not remove it.

That takes it more than five seconds each time, which only tests of the removal itself should have to wait for.
"""

from __future__ import annotations

import json

from clearway.site.kubernetes.options import NAMESPACE
from harness.cluster import Cluster

_HOME = {
    "apiVersion": "v1",
    "kind": "Namespace",
    "metadata": {"name": NAMESPACE, "labels": {"pod-security.kubernetes.io/enforce": "restricted"}},
}


def furnish(cluster: Cluster) -> None:
    """Make the namespace if it is not there; nothing marks it as clearway's."""
    cluster.kubectl("apply", "--filename=-", text=json.dumps(_HOME))


def clear(cluster: Cluster) -> None:
    """A run has to make, and remove, the namespace itself."""
    cluster.kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout=60s", timeout=70)
