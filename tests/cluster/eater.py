"""A pod that eats more memory than its limit, and is killed for it again and again."""

from __future__ import annotations

import json
from typing import Any

from cluster.toolbox import execute, toolbox
from harness.cluster import Cluster

LIMIT = "32Mi"
_SIGN = "/dev/shm/eat"
_EAT = "import time; held = bytearray(256 << 20); time.sleep(600)"
_WHEN_SHOWN = f"import os, time\nwhile not os.path.exists({_SIGN!r}): time.sleep(0.1)\n{_EAT}"


def eater(name: str, node: str, *, waits: bool = False) -> dict[str, Any]:
    """Killed at once, or when it is shown the sign; it is not started again."""
    pod = toolbox(name, node, "/usr/bin/python3", "-c", _WHEN_SHOWN if waits else _EAT)
    pod["spec"]["restartPolicy"] = "Never"
    pod["spec"]["containers"][0]["resources"] = {"limits": {"memory": LIMIT}}
    return pod


def feed(cluster: Cluster, namespace: str, pod: dict[str, Any]) -> None:
    """Start it; returns at once."""
    cluster.kubectl("create", f"--namespace={namespace}", "--filename=-", text=json.dumps(pod))


def show_sign(cluster: Cluster, namespace: str, name: str) -> None:
    """To one that waits for it: nothing but its eating is left to happen."""
    execute(cluster, namespace, name, "/usr/bin/touch", _SIGN)


def await_killed(cluster: Cluster, namespace: str, name: str) -> None:
    """Until the API knows that it was killed for memory."""
    reason = "--for=jsonpath={.status.containerStatuses[0].state.terminated.reason}=OOMKilled"
    cluster.kubectl("wait", f"pod/{name}", f"--namespace={namespace}", reason, "--timeout=60s", timeout=70)
