"""NetworkPolicies of a namespace, set and taken away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from harness.cluster import Cluster

WORKERS = {"matchLabels": {"app.kubernetes.io/managed-by": "clearway"}}
_ALL_WORKERS = [{"podSelector": WORKERS}]
_API_SERVER = [{"ipBlock": {"cidr": "172.30.0.1/32"}}, {"ipBlock": {"cidr": "10.96.0.1/32"}}]

DENY = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
DENY_ARRIVING = {"podSelector": {}, "policyTypes": ["Ingress"]}
"""What many clusters set first in every namespace. What leaves passes, so workers still write their results."""
LET_WORKERS = {
    "podSelector": WORKERS,
    "policyTypes": ["Ingress", "Egress"],
    "ingress": [{"from": _ALL_WORKERS}],
    "egress": [{"to": [*_ALL_WORKERS, *_API_SERVER]}],
}
"""What docs/kubernetes.md asks a namespace for, and no more."""


@contextmanager
def policies(cluster: Cluster, namespace: str, **specs: dict[str, Any]) -> Iterator[None]:
    """In force for pods that start from now on."""
    place = f"--namespace={namespace}"
    items = [
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": name.replace("_", "-")},
            "spec": spec,
        }
        for name, spec in specs.items()
    ]
    cluster.kubectl("create", place, "-f", "-", text=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    try:
        yield
    finally:
        cluster.kubectl("delete", "networkpolicy", "--all", place)
