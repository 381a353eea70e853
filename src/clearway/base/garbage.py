"""Python's search for objects that are no longer used, kept off while many are made."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import Iterator


@contextmanager
def no_search_for_garbage() -> Iterator[None]:
    """For work that makes millions of objects and drops none: to look for dropped ones takes as long as the work."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
