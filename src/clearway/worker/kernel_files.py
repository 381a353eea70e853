"""Reads files of the kernel: /proc, /sys."""

from __future__ import annotations

from pathlib import Path
from typing import Optional, Union


def text_of(path: Union[str, Path]) -> Optional[str]:
    """The whole of one; None where this kernel has none, or does not let us read it."""
    try:
        return Path(path).read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
