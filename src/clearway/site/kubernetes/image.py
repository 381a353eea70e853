"""The worker image: its name in a cluster, and the archives that `make image` leaves on this machine."""

from __future__ import annotations

import os
from pathlib import Path

from clearway import __version__

IMAGE = f"clearway.dev/worker:{__version__}"
"""A name with a registry, so that a container runtime adds none."""


def cache() -> Path:
    """Where archives are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "clearway" / "image"


def newest_archive() -> Path | None:
    """The archive that was built or used last; None if there is none."""
    found = sorted(cache().glob("worker-*.oci.tar"), key=lambda path: path.stat().st_mtime)
    return found[-1] if found else None
