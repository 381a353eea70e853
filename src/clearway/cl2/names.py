"""File names: ClusterLoader2's, without the characters that some systems and artifact stores refuse."""

from __future__ import annotations

import re
import time

INCOMPLETE = "Incomplete_"
_UNSAFE = re.compile(r"[^\w.+-]+", re.ASCII)


def safe(name: str) -> str:
    """The name with a dash for every character that some file system refuses, such as a colon."""
    return _UNSAFE.sub("-", name)


def summary_name(summary: str, test: str, identifier: str, at: float, extension: str) -> str:
    """`NetworkPerformanceMetrics_1-1_TCP_P2P_<test>[_<identifier>]_<time>.json`"""
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
    return safe("_".join(part for part in (summary, test, identifier, moment) if part)) + f".{extension}"
