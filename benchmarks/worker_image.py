"""The worker image of this clone."""

from __future__ import annotations

from pathlib import Path

from clearway.site.kubernetes.options import cache
from image.build import build


def worker_image() -> Path:
    """Its archive, made if it is not there yet."""
    return build(cache())
