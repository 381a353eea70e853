"""The engines there are, by the name that a spec gives them."""

from __future__ import annotations

import os
import re
from typing import Mapping, Optional, Tuple

from clearway.engine.base import Engine, Tool
from clearway.engine.clusterloader2 import ClusterLoader2Engine
from clearway.engine.h2load import H2load
from clearway.engine.iperf2 import Iperf2
from clearway.engine.iperf3 import Iperf3
from clearway.engine.sockperf import Sockperf

ENGINES: Mapping[str, Engine] = {
    engine.name: engine for engine in (Iperf2(), Iperf3(), H2load(), Sockperf(), ClusterLoader2Engine())
}
DEFAULT_ENGINES: Mapping[str, Engine] = {
    protocol: engine for engine in ENGINES.values() for protocol in engine.default_for
}
"""By protocol."""

_VERSION = re.compile(r"(?<![\w.])(?:v(?:ersion)? ?)?(\d+(?:\.\d+)+)|/(\d+(?:\.\d+)+)")
_ADMINISTRATORS = ("/usr/local/sbin", "/usr/sbin", "/sbin")
"""Folders that a user's own PATH often lacks."""


def search_path(environment: Mapping[str, str]) -> str:
    """PATH, with the folders for administrators: some tools are there."""
    return os.pathsep.join((environment.get("PATH", os.defpath), *_ADMINISTRATORS))


def parse_version(tool: Tool, text: str) -> Optional[Tuple[int, ...]]:
    """The version in what `tool.version_argv` printed: the first dotted number; None if there is none."""
    match = _VERSION.search(text)
    return tuple(int(part) for part in (match.group(1) or match.group(2)).split(".")) if match else None
