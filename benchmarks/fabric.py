"""A packet capture in the fabric of a Kubernetes: all TCP from pod to pod."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks.capture import Segment, capturing, first_of_each, segments_of
from harness.cluster import Cluster
from harness.spec import IPV4

_BETWEEN_PODS = f"ip and tcp and src net {IPV4.pods} and dst net {IPV4.pods}"
_FULL = 1_000
"""Byte. Load is sent in packets of at least this; what a sender says before its instant is shorter."""


class Capture:
    """What crossed the fabric within `captured`."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.said = ""

    def segments(self) -> list[Segment]:
        """Once the context is left."""
        return segments_of(self.file, self.said)

    def first_load(self) -> Mapping[str, float]:
        """When each sender's first full packet crossed the fabric, in Unix seconds by source address."""
        return first_of_each(segment for segment in self.segments() if segment.payload >= _FULL)


@contextmanager
def captured(cluster: Cluster, file: Path) -> Iterator[Capture]:
    """Captures from before the block begins until its end. What is sent has to be slow enough for tcpdump."""
    capture, process = Capture(file), cluster.open(capturing(file, _BETWEEN_PODS))
    assert process.stderr is not None
    try:
        while "listening" not in process.stderr.readline():
            assert process.poll() is None, "tcpdump ended"
        yield capture
    finally:
        process.send_signal(signal.SIGINT)
        capture.said = process.communicate(timeout=30)[1]
