"""Names of files: ClusterLoader2's, without the signs that other systems and artifact stores can't take."""

from __future__ import annotations

import re
import time

INCOMPLETE = "Incomplete_"
_UNSAFE = re.compile(r"[^\w.+-]+", re.ASCII)


def safe(name: str) -> str:
    """The name with every sign that some file system refuses, colons foremost, as a dash."""
    return _UNSAFE.sub("-", name)


def summary_name(summary: str, test: str, identifier: str, at: float, extension: str) -> str:
    """`NetworkPerformanceMetrics_1-1_TCP_P2P_<test>[_<identifier>]_<time>.json`"""
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
    return safe("_".join(part for part in (summary, test, identifier, moment) if part)) + f".{extension}"
