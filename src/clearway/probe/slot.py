"""Places for workers, and ordered pairs of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal, Tuple

from clearway.base.texts import cleaned
from clearway.probe.json_values import Codec, CodecError, quoted

Network = Literal["pod", "host"]
"""That a worker is in: the one of its pod, or the one of its machine."""
POD: Network = "pod"
HOST: Network = "host"


@dataclass(frozen=True, order=True)
class Slot:
    """A place for one worker on a node."""

    node: str
    index: int = 0
    network: Network = POD
    """`host` only for workers in a cluster that use the network of their node."""

    def __str__(self) -> str:
        return f"{self.node}/{_HOST_MARK if self.network == HOST else ''}{self.index}"

    @property
    def label(self) -> str:
        """For people: a node's first worker goes by the name of the node."""
        if self.network == HOST:
            return f"{self.node}/{HOST}" if self.index == 0 else str(self)
        return str(self) if self.index else self.node

    @classmethod
    def codec(cls) -> Codec[Slot]:
        """Written as one word, `node-1/0`, or `node-1/host-0` in the network of the node."""
        return Codec(str, _slot_of, lambda: {"type": "string", "pattern": f"^.+/({_HOST_MARK})?[0-9]+$"})


_HOST_MARK = f"{HOST}-"


def _slot_of(data: Any) -> Slot:
    pattern = f"(?s)(.+)/({_HOST_MARK})?([0-9]{{1,18}})"
    found = re.fullmatch(pattern, cleaned(data)) if isinstance(data, str) else None
    if found is None:
        raise CodecError("codec.wrong-type", wanted="slot", found=quoted(data))
    return Slot(found[1], int(found[3]), HOST if found[2] else POD)


Pair = Tuple[Slot, Slot]
"""Ordered: sender, receiver."""
