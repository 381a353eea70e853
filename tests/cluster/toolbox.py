"""Pods that have this machine's own programs, for tests of the cluster itself."""

from __future__ import annotations

import json
from typing import Any

from harness.cluster import Cluster
from harness.failure import CommandFailed
from harness.pause_image import PAUSE_IMAGE

_LENT = {"/usr": "/usr", "/lib": "/usr/lib", "/lib64": "/usr/lib64", "/etc/alternatives": "/etc/alternatives"}
"""Where the machine's folders are seen in the pod."""

LISTEN = ("/usr/bin/iperf", "--server")
"""On port 5001, for `connects`."""
_PROBE = ("/usr/bin/timeout", "5", "/usr/bin/bash", "-c")


def toolbox(name: str, node: str, *command: str) -> dict[str, Any]:
    """A pod on `node` that runs `command`, or waits."""
    volumes = [{"name": f"lent-{number}", "hostPath": {"path": path}} for number, path in enumerate(_LENT.values())]
    mounts = [{"name": f"lent-{number}", "mountPath": place, "readOnly": True} for number, place in enumerate(_LENT)]
    container = {
        "name": "tools",
        "image": PAUSE_IMAGE,
        "command": list(command) or ["/usr/bin/sleep", "infinity"],
        "volumeMounts": mounts,
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {"nodeName": node, "terminationGracePeriodSeconds": 0, "containers": [container], "volumes": volumes},
    }


def start_pods(cluster: Cluster, namespace: str, *pods: dict[str, Any]) -> dict[str, str]:
    """Create pods and wait until they run; returns the address of each."""
    listed = {"apiVersion": "v1", "kind": "List", "items": list(pods)}
    cluster.kubectl("create", f"--namespace={namespace}", "-f", "-", text=json.dumps(listed))
    names = [f"pod/{pod['metadata']['name']}" for pod in pods]
    cluster.kubectl("wait", f"--namespace={namespace}", "--for=condition=Ready", "--timeout=60s", *names)
    answer = json.loads(cluster.kubectl("get", f"--namespace={namespace}", "pods", "--output=json"))
    return {pod["metadata"]["name"]: pod["status"]["podIP"] for pod in answer["items"]}


def execute(cluster: Cluster, namespace: str, pod: str, *command: str) -> str:
    """What a command printed in a pod. Raises CommandFailed."""
    return cluster.kubectl("exec", f"--namespace={namespace}", pod, "--", *command)


def connects(cluster: Cluster, namespace: str, pod: str, address: str) -> bool:
    """Whether a pod reaches what runs LISTEN at an address."""
    try:
        execute(cluster, namespace, pod, *_PROBE, f": </dev/tcp/{address}/5001")
    except CommandFailed:
        return False
    return True
