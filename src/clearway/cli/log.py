"""The log: warnings to stderr (more with --verbose), everything into the run directory."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clearway.ledger.disk import private, writing

LOGGER = logging.getLogger("clearway")


@contextmanager
def stderr_log(*, verbose: bool) -> Iterator[logging.Logger]:
    """The program's logger, on stderr while inside."""
    handler = _CurrentStderr()
    handler.setLevel(logging.INFO if verbose else logging.WARNING)
    handler.setFormatter(logging.Formatter("%(message)s"))
    with _attached(handler):
        yield LOGGER


class _CurrentStderr(logging.Handler):
    """Looks up sys.stderr for each line: the live display replaces it while it is shown."""

    def emit(self, record: logging.LogRecord) -> None:
        sys.stderr.write(self.format(record) + "\n")


@contextmanager
def file_log(path: Path) -> Iterator[None]:
    """Everything that is logged inside also goes to a file, with UTC times. Raises LedgerError."""
    with writing(path):
        os.close(private(path, os.O_WRONLY | os.O_CREAT))
    handler = logging.FileHandler(path, encoding="utf-8")
    formatter = logging.Formatter("%(asctime)s.%(msecs)03dZ %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    with _attached(handler):
        yield


@contextmanager
def _attached(handler: logging.Handler) -> Iterator[None]:
    LOGGER.setLevel(logging.DEBUG)
    LOGGER.propagate = False
    LOGGER.addHandler(handler)
    try:
        yield
    finally:
        LOGGER.removeHandler(handler)
        handler.close()
