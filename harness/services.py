"""`systemctl stop|start SERVICE...` on a node of the cluster: kubelet and containerd, for real.

Only what commands on a node use of it. The node is the one whose host name this is; the daemons are the keeper's, and
stopped as a power cut would: pods and their shims live on.
"""

from __future__ import annotations

import json
import signal
import socket
import sys
from pathlib import Path


def give_systemctl(folder: Path) -> None:
    """Into the `bin` of a cluster's folder, for commands that have it in their PATH."""
    path = folder / "bin" / "systemctl"
    path.parent.mkdir()
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "{__file__}" "{folder}/keeper.sock" "$@"\n')
    path.chmod(0o755)


def main() -> int:
    keeper, verb, services = Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
    node = socket.gethostname()
    for service in services:
        message = {"do": "end", "signal": signal.SIGKILL} if verb == "stop" else {"do": "again"}
        answer = _asked(keeper, {**message, "name": f"{service}-{node}"})
        if answer.get("started", "") is None:
            print(f"Unit {service}.service not found.", file=sys.stderr)
            return 5
    return 0


def _asked(keeper: Path, message: dict[str, object]) -> dict[str, object]:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)
        connection.connect(str(keeper))
        with connection.makefile("rw") as lines:
            lines.write(json.dumps(message) + "\n")
            lines.flush()
            answer: dict[str, object] = json.loads(lines.readline())
    return answer


if __name__ == "__main__":
    sys.exit(main())
