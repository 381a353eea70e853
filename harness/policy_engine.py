"""A real engine for NetworkPolicies: sigs.k8s.io/kube-network-policies, in a pod on every node.

The first packet of each connection of a pod goes to the engine, which answers whether it may pass. The engine's own
rules for that need a kernel with nftables' `queue` (CONFIG_NFT_QUEUE); ours do the same by iptables and work on both.
Where the kernel takes the engine's rules too, it is asked twice and says the same.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from clearway.site.lab.topology import TopologyStep
from harness.cluster import Cluster, Node
from harness.failure import HarnessError
from harness.pause_image import write_image
from harness.programs import built_programs
from harness.spec import Family, NodeSpec, families_on_links
from harness.topology import on_node

_NAME = "kube-network-policies"
_IMAGE = f"clearway.test/{_NAME}:1"
_QUEUE = 100
_LISTENS_WITHIN, _LOOK_EVERY = 60.0, 0.2
"""Seconds for an engine whose pod runs, and between two looks: it first reads all pods, namespaces and policies."""
_QUEUES = Path("/proc/net/netfilter/nfnetlink_queue")


def start_policy_engine(cluster: Cluster) -> None:
    """Returns when policies are enforced on every node. Raises HarnessError."""
    archive = cluster.machinery.folder / f"{_NAME}.tar"
    write_image(built_programs().place(_NAME), archive, os.uname().machine, _IMAGE)
    cluster.load_image(archive)
    for node in cluster.nodes.values():
        node.machinery.take(_asking_steps(node.spec))
    everything = {"apiVersion": "v1", "kind": "List", "items": [*_rights(), _pods()]}
    cluster.kubectl("apply", "-f", "-", text=json.dumps(everything))
    cluster.kubectl("rollout", "status", f"daemonset/{_NAME}", "--namespace=kube-system", "--timeout=60s", timeout=70)
    for node in cluster.nodes.values():
        _wait_until_it_listens(node)


def _asking_steps(node: NodeSpec) -> Iterator[TopologyStep]:
    """Before addresses are translated on the way out. The kubelet's own packets, root's, pass unasked, as they have to.

    Without an engine everything passes.
    """
    for family in families_on_links(node.ip):
        for end in ("--source", "--destination"):
            pods = (end, family.pods_of_node(node.number))
            first = ("--match", "conntrack", "--ctstate", "NEW", "--match", "owner", "!", "--uid-owner", "0")
            asked = ("--jump", "NFQUEUE", "--queue-num", str(_QUEUE), "--queue-bypass")
            chain = (_iptables(family), "--wait", "--table", "mangle", "--append", "POSTROUTING")
            yield TopologyStep(on_node(node.name, (*chain, *_but_neighbours(family), *pods, *first, *asked)))


def _iptables(family: Family) -> str:
    return {4: "iptables", 6: "ip6tables"}[family.version]


def _but_neighbours(family: Family) -> tuple[str, ...]:
    """IPv6 finds its neighbours by ICMP."""
    return {4: (), 6: ("!", "--protocol", "icmpv6")}[family.version]


def _wait_until_it_listens(node: Node) -> None:
    until = time.monotonic() + _LISTENS_WITHIN
    while str(_QUEUE) not in node.execute(["cat", str(_QUEUES)]).split():
        if time.monotonic() > until:
            raise HarnessError(f"no policy engine listens on {node.name} within {_LISTENS_WITHIN:.0f} s")
        time.sleep(_LOOK_EVERY)


def _rights() -> list[dict[str, Any]]:
    """To see what it decides by."""
    rbac = "rbac.authorization.k8s.io"
    rules = [
        {"apiGroups": [""], "resources": ["pods", "namespaces"], "verbs": ["list", "watch"]},
        {"apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies"], "verbs": ["list", "watch"]},
    ]
    named, account = {"name": _NAME}, {"name": _NAME, "namespace": "kube-system"}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account},
        {"apiVersion": f"{rbac}/v1", "kind": "ClusterRole", "metadata": named, "rules": rules},
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": named,
            "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": _NAME},
            "subjects": [{"kind": "ServiceAccount", **account}],
        },
    ]


def _pods() -> dict[str, Any]:
    labels = {"k8s-app": _NAME}
    container = {
        "name": _NAME,
        "image": _IMAGE,
        "args": [f"--nfqueue-id={_QUEUE}", "--metrics-bind-address=127.0.0.1:9080", "--hostname-override=$(NODE)"],
        "env": [{"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}],
        "securityContext": {"runAsUser": 0, "capabilities": {"add": ["NET_ADMIN"]}},
    }
    pod = {
        "hostNetwork": True,
        "serviceAccountName": _NAME,
        "tolerations": [{"operator": "Exists"}],
        "priorityClassName": "system-node-critical",
        "terminationGracePeriodSeconds": 1,
        "containers": [container],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": _NAME, "namespace": "kube-system", "labels": labels},
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}},
    }
