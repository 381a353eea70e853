"""Appends to the files of lines of a run, and seals how far they went."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from clearway.base.errors import LedgerError
from clearway.ledger import files
from clearway.ledger.chain import Head, LineForm
from clearway.ledger.disk import cut_torn_line, sync
from clearway.ledger.one_file import LineFile
from clearway.ledger.seal import SEAL, Seal, SealReason, Wholeness


class RunLines:
    """The files of lines of one run directory. All who append to it share one, which knows what a line follows.

    `manifest` is the SHA-256 of the run's manifest.
    """

    def __init__(self, folder: Path, form: LineForm, manifest: str) -> None:
        self.folder = folder
        self._manifest = manifest
        codecs = {**dict(files.LINE_CODECS.values()), files.SEALS: SEAL}
        self._files: dict[str, LineFile[Any]] = {
            name: LineFile(folder / name, codec, form) for name, codec in codecs.items()
        }
        self._has_seals = form.has_digests
        self._sealed = self._heads()
        self._last_seal: SealReason | None = None

    def go_on(self, found: Wholeness | None) -> None:
        """Continue behind what was read; a half-written last line is cut off."""
        for name, file in self._files.items():
            cut_torn_line(file.path)
            if found is not None:
                file.head = found.heads[name]
        if found is not None:
            self._sealed, self._last_seal = {**self._sealed, **found.last.files}, found.last.why

    def append(self, name: str, item: object) -> None:
        """Add one line."""
        self._files[name].append(item)

    def seal(self, why: SealReason) -> None:
        """Return when all that was appended so far is on the disk, and how far it goes; format 1 has no seals."""
        before, now = self._sealed, self._heads()
        changed = [name for name in files.LINES if now[name] != before[name]]
        for name in changed:
            sync(self.folder / name)
        if self._has_seals:
            self._files[files.SEALS].append(Seal(time.time(), why, self._manifest, now), synced=True)
        self._sealed, self._last_seal = now, why
        if any(before[name].lines == 0 for name in changed):
            sync(self.folder)

    @contextmanager
    def closing(self) -> Iterator[None]:
        """On exit the run is closed by a seal, unless it is already; an error on the way stays the error."""
        try:
            yield
        except BaseException:
            with suppress(LedgerError):
                self.close()
            raise
        self.close()

    def close(self) -> None:
        """Seal the end of the run, unless that is sealed already."""
        if self._last_seal is not SealReason.END or self._sealed != self._heads():
            self.seal(SealReason.END)

    def _heads(self) -> dict[str, Head]:
        return {name: self._files[name].head for name in files.LINES}
