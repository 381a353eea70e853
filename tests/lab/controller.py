"""A controller to be killed: `controller.py NODES` starts a lab, tells what it is made of and waits."""

from __future__ import annotations

import asyncio
import json
import sys

from clearway.site.lab.model import LabSpec
from lab.running import running_lab


async def main(nodes: int) -> None:
    async with running_lab(LabSpec(nodes=nodes)) as lab:
        spaces = [await lab.site.execute(None, ("readlink", f"/proc/self/ns/{kind}")) for kind in ("pid", "net", "mnt")]
        spaces += [await lab.site.execute(slot.node, ("readlink", "/proc/self/ns/net")) for slot in lab.ready]
        entered = lab.log[0].code
        print(json.dumps({"entered": entered, "namespaces": [space.stdout.strip() for space in spaces]}), flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
