"""Writes a run directory: append-only, flushed line by line, so that a crash loses nothing measured."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO, TypeVar

from clearway.base.errors import LedgerError
from clearway.ledger import files
from clearway.ledger.files import Manifest
from clearway.probe import wire
from clearway.probe.codec import Codec
from clearway.probe.records import Finding, Inventory, Observation, Result, Round, Worker
from clearway.spec.load import dump_spec
from clearway.spec.model import Spec

T = TypeVar("T")
Appended = Round | Result | Worker | Observation
Listener = Callable[[Appended], None]


class Ledger:
    """One run directory, open for appending. Raises LedgerError when it can't be written."""

    def __init__(self, folder: Path, listeners: Iterable[Listener] = ()) -> None:
        self.folder = folder
        self.listeners = tuple(listeners)

    @classmethod
    def create(
        cls, folder: Path, manifest: Manifest, spec: Spec, inventory: Inventory, listeners: Iterable[Listener] = ()
    ) -> Ledger:
        """Begin a run in an empty or new folder."""
        if (folder / files.MANIFEST).exists():
            raise LedgerError("ledger.exists", folder=str(folder))
        ledger = cls(folder, listeners)
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
        ledger.save(files.SPEC, dump_spec(spec))
        ledger.save(files.INVENTORY, _pretty(wire.INVENTORY.encode(inventory)))
        ledger.save(files.MANIFEST, _pretty(files.MANIFEST_CODEC.encode(manifest)))
        return ledger

    @classmethod
    def reopen(cls, folder: Path, listeners: Iterable[Listener] = ()) -> Ledger:
        """Continue a run that died: a half-written last line is cut off."""
        for name in files.LINES:
            _cut_torn_line(folder / name)
        return cls(folder, listeners)

    def plan(self, rounds: Iterable[Round], findings: Iterable[Finding] = ()) -> None:
        """Write the whole plan and what it found, before the first traffic."""
        self.save(files.FINDINGS, "".join(_line(wire.FINDING, finding) for finding in findings))
        self.save(files.PLAN, "".join(_line(wire.ROUND, round_) for round_ in rounds))

    def append(self, item: Appended) -> None:
        """Write one line, then call the listeners."""
        name, codec = files.LINE_CODECS[type(item)]
        append_line(self.folder / name, codec, item)
        for listener in self.listeners:
            listener(item)

    def save(self, name: str, text: str) -> Path:
        """Write a whole file at once."""
        return write_whole(self.folder / name, text)

    def save_verdict(self, text: str) -> Path:
        """Add a verdict as JSON; earlier ones stay."""
        number = 1 + sum(1 for _ in self.folder.glob(files.VERDICTS))
        return self.save(f"verdict-{number}.json", text)


def write_whole(path: Path, text: str) -> Path:
    """Write a file so that it is there complete or not at all, also after a power cut. Raises LedgerError."""
    fresh = path.with_name(f"{path.name}.new")
    with writing(path):
        try:
            with fresh.open("w", encoding="utf-8") as file:
                file.write(text)
                _sync(file)
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)
    return path


def append_line(path: Path, codec: Codec[T], item: T, *, synced: bool = False) -> None:
    """Add one line; `synced`: return when it is on the disk. Raises LedgerError."""
    with writing(path), path.open("a", encoding="utf-8") as file:
        file.write(_line(codec, item))
        if synced:
            _sync(file)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn the system's refusal to write into a LedgerError that names the path."""
    try:
        yield
    except OSError as error:
        raise LedgerError("ledger.cannot-write", path=str(path), error=error.strerror or str(error)) from error


def _sync(file: TextIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _line(codec: Codec[T], item: T) -> str:
    return json.dumps(codec.encode(item), separators=(",", ":"), allow_nan=False) + "\n"


def _pretty(data: Any) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _cut_torn_line(path: Path) -> None:
    if not path.exists():
        return
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        os.truncate(path, whole)
