"""A pod that eats more memory than its limit, and is killed for it again and again."""

from __future__ import annotations

import json
from typing import Any

from cluster.toolbox import toolbox
from harness.cluster import Cluster

LIMIT = "32Mi"
_EAT = "import time; time.sleep({after}); held = bytearray(256 << 20); time.sleep(600)"


def eater(name: str, node: str, after: float = 0.0) -> dict[str, Any]:
    """Killed `after` so many seconds; it is not started again."""
    pod = toolbox(name, node, "/usr/bin/python3", "-c", _EAT.format(after=after))
    pod["spec"]["restartPolicy"] = "Never"
    pod["spec"]["containers"][0]["resources"] = {"limits": {"memory": LIMIT}}
    return pod


def feed(cluster: Cluster, namespace: str, pod: dict[str, Any]) -> None:
    """Start it; returns at once."""
    cluster.kubectl("create", f"--namespace={namespace}", "--filename=-", text=json.dumps(pod))


def await_killed(cluster: Cluster, namespace: str, name: str) -> None:
    """Until the API knows that it was killed for memory."""
    reason = "--for=jsonpath={.status.containerStatuses[0].state.terminated.reason}=OOMKilled"
    cluster.kubectl("wait", f"pod/{name}", f"--namespace={namespace}", reason, "--timeout=60s", timeout=70)
