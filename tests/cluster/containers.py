"""Workers of the image in containers, made by runc as a kubelet would want them: restricted, on a read-only root."""

from __future__ import annotations

import asyncio
import json
import tarfile
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clearway.base.units import Duration
from clearway.probe.paths import NO_SERVICES, WantedServices
from clearway.probe.records import Inventory, Node, Reason, Request, Slot
from clearway.site.base import Event, Lost
from clearway.site.lab.model import LabSpec
from clearway.site.lab.site import LabSite
from clearway.site.listening import LINE_LIMIT
from clearway.site.pipe import PipeMailbox
from harness.leftovers import members

PATIENCE = 10.0
"""Seconds for a container to end."""


@dataclass(frozen=True)
class Image:
    """An archive's content, read as OCI describes it."""

    archive: Path

    def document(self, path: str) -> Any:
        return json.loads(self.content(path))

    def content(self, path: str) -> bytes:
        with tarfile.open(self.archive) as tar:
            file = tar.extractfile(path)
            assert file is not None, path
            return file.read()

    def manifest(self) -> Any:
        (entry,) = self.document("index.json")["manifests"]
        return self.document(place(entry))

    def config(self) -> Any:
        return self.document(place(self.manifest()["config"]))

    def unpack(self, folder: Path) -> None:
        with tarfile.open(self.archive) as tar:
            for layer in self.manifest()["layers"]:
                with tarfile.open(fileobj=tar.extractfile(place(layer)), mode="r:gz") as content:
                    content.extractall(folder, filter="fully_trusted")


def place(descriptor: Mapping[str, Any]) -> str:
    return f"blobs/{descriptor['digest'].replace(':', '/')}"


@dataclass
class Container:
    """One worker as PID 1 of a container in the network namespace at `network`."""

    name: str
    process: asyncio.subprocess.Process
    runtime: tuple[str, ...]

    async def signal(self, name: str) -> None:
        await _done(*self.runtime, "kill", self.name, name)

    async def ended(self) -> int:
        """Its exit status."""
        return await asyncio.wait_for(self.process.wait(), PATIENCE)


@dataclass
class ContainerSite:
    """Two nodes of a lab, and on each a worker in a container instead of the lab's own agents."""

    root: Path
    """The unpacked image."""
    config: Any
    folder: Path
    lab: LabSpec = field(default_factory=lambda: LabSpec(nodes=2, zones=1))
    containers: dict[Slot, Container] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._network = LabSite(self.lab, log=lambda finding: None)
        self._mailboxes: dict[Slot, PipeMailbox] = {}
        self._attending: list[asyncio.Task[None]] = []
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()

    async def inspect(self) -> Inventory:
        nodes = tuple(Node(node.name, node.zone, link=node.link.rate) for node in self.lab.resolved())
        return Inventory("containers", nodes)

    async def start(self, slots: Sequence[Slot], services: WantedServices = NO_SERVICES) -> None:
        await self._network.start([])
        mounts = (await self._network.execute(None, ("readlink", "/proc/self/ns/mnt"))).stdout.strip()
        inside = min(members([mounts]))
        for slot in slots:
            await self._start(slot, Path("/proc", str(inside), "root/run/netns", slot.node))

    async def submit(self, round_id: str, requests: Mapping[Slot, Sequence[Request]]) -> None:
        await asyncio.gather(*(self._mailboxes[slot].submit(round_id, wanted) for slot, wanted in requests.items()))

    def handing_out(self, mailboxes: int) -> Duration:
        return Duration(0.25)

    async def reconnected(self) -> Duration:
        return Duration(0)

    async def absent(self, slots: Collection[Slot]) -> Mapping[Slot, Reason]:
        return {}

    async def cancel(self) -> None:
        await asyncio.gather(*(mailbox.submit(None, ()) for mailbox in self._mailboxes.values()))

    async def events(self) -> AsyncIterator[Event]:
        while (event := await self._events.get()) is not None:
            yield event

    async def stop(self) -> None:
        for mailbox in self._mailboxes.values():
            mailbox.close()
        await asyncio.gather(*(container.ended() for container in self.containers.values()))
        await asyncio.gather(*self._attending)
        await self._network.stop()
        self._events.put_nowait(None)

    def leftover_hint(self) -> Reason | None:
        return None

    async def _start(self, slot: Slot, network: Path) -> None:
        bundle = self.folder / slot.node
        bundle.mkdir(parents=True)
        (bundle / "config.json").write_text(json.dumps(_bundle(self.root, self.config, slot, network)))
        runtime = ("runc", f"--root={self.folder}/runc")
        process = await asyncio.create_subprocess_exec(
            *(*runtime, "run", f"--bundle={bundle}", f"{self.folder.name}-{slot.node}"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LINE_LIMIT,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        self.containers[slot] = Container(f"{self.folder.name}-{slot.node}", process, runtime)
        mailbox = PipeMailbox(slot, process.stdout, process.stdin, self._events.put_nowait)
        self._mailboxes[slot] = mailbox
        self._attending.append(asyncio.create_task(self._attend(mailbox)))

    async def _attend(self, mailbox: PipeMailbox) -> None:
        reason = await mailbox.listen()
        self._events.put_nowait(Lost(mailbox.slot, reason or Reason("lab.agent-silent")))


def _bundle(root: Path, image: Any, slot: Slot, network: Path) -> dict[str, Any]:
    """What `restricted` asks for: no root, no capability, no new privilege, nothing writable but /tmp."""
    user, group = map(int, image["config"]["User"].split(":"))
    spaces = [{"type": kind} for kind in ("pid", "ipc", "uts", "mount")]
    return {
        "ociVersion": "1.0.2",
        "root": {"path": str(root), "readonly": True},
        "hostname": slot.node,
        "process": {
            "user": {"uid": user, "gid": group},
            "args": [*image["config"]["Entrypoint"], "--slot", str(slot)],
            "env": image["config"]["Env"],
            "cwd": "/",
            "noNewPrivileges": True,
        },
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
            {"destination": "/sys", "type": "none", "source": "/sys", "options": ["rbind", "ro"]},
            {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev", "noexec"]},
        ],
        "linux": {"namespaces": [*spaces, {"type": "network", "path": str(network)}]},
    }


async def _done(*argv: str) -> None:
    process = await asyncio.create_subprocess_exec(*argv)
    assert await process.wait() == 0, argv
