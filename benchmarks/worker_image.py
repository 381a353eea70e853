"""The worker image of this clone."""

from __future__ import annotations

from pathlib import Path

from image.build import build

from clearway.site.kubernetes.image import cache


def worker_image() -> Path:
    """Its archive, made if it is not there yet."""
    return build(cache())
