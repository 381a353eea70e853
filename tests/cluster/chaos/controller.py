"""clearway as a user calls it, but for the way to the nodes: `python -m cluster.chaos.controller FOLDER PROGRAM ...`.

FOLDER is the cluster's; PROGRAM is `clearway` or `clusterloader2`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from clearway.cli import chaos
from clearway.cli.clusterloader2 import main as clusterloader2
from clearway.cli.main import main as clearway_main
from clearway.probe.records import Finding
from clearway.shell.base import Shell
from clearway.shell.runner import Runner
from cluster.chaos.road import NsenterRoad
from harness.machinery import Machinery


def main() -> int:
    folder, program, words = Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
    machinery = Machinery.of(folder)

    async def node_shell(cluster: Any, how: Any, log: Callable[[Finding], None]) -> tuple[Shell, tuple[()]]:
        return Runner(NsenterRoad(machinery), log=log), ()

    chaos.__dict__["node_shell"] = node_shell
    return {"clearway": clearway_main, "clusterloader2": clusterloader2}[program](words)


if __name__ == "__main__":
    sys.exit(main())
