"""clearway as a user calls it, but for the way to the nodes: `python -m cluster.chaos.controller FOLDER PROGRAM ...`.

FOLDER is the cluster's; PROGRAM is `clearway` or `clusterloader2`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from clearway.cli.chaos import NodeBreaker
from clearway.cli.clusterloader2 import main as clusterloader2
from clearway.cli.main import main as clearway_main
from clearway.shell.base import Shell
from clearway.shell.runner import Runner
from cluster.chaos.road import NsenterRoad
from harness.machinery import Machinery


def main() -> int:
    folder, program, words = Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
    machinery = Machinery.of(folder)

    async def shell(self: NodeBreaker) -> Shell:
        return Runner(NsenterRoad(machinery), log=self.log)

    NodeBreaker.shell = shell  # type: ignore[method-assign]
    return {"clearway": clearway_main, "clusterloader2": clusterloader2}[program](words)


if __name__ == "__main__":
    sys.exit(main())
