"""Seals: how far every file of a run went, kept after each round and when the run ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from clearway.ledger.chain import Head
from clearway.probe.codec import of


class SealReason(StrEnum):
    BEGUN = "begun"
    """The plan is written; nothing is measured."""
    ROUND = "round"
    """A round is over, and all that came of it is on the disk."""
    END = "end"
    """The run is over, also where it was stopped or interrupted."""


@dataclass(frozen=True)
class Seal:
    at: float
    """Unix seconds."""
    why: SealReason
    manifest: str
    """SHA-256 of the manifest, which has the digests of the files that were written whole."""
    files: Mapping[str, Head]
    """File of lines -> how far it went."""


SEAL = of(Seal)


@dataclass(frozen=True)
class Wholeness:
    """What the files of a run show about themselves, where nothing of it was found damaged."""

    seals: Mapping[str, Seal]
    """By the digest of their lines, in order."""
    heads: Mapping[str, Head]
    """How far each file of lines goes."""
    torn: tuple[str, ...]
    """Files whose last line has no end: the controller was killed while it wrote it."""

    @property
    def last(self) -> Seal:
        return tuple(self.seals.values())[-1]

    @property
    def behind(self) -> tuple[str, ...]:
        """Files with lines that no seal covers yet."""
        return tuple(name for name, head in self.last.files.items() if head != self.heads[name])

    @property
    def closing(self) -> str | None:
        """The digest of the seal that closes the run; None while it runs, and where its controller was killed."""
        closed = self.last.why is SealReason.END and not self.torn and not self.behind
        return tuple(self.seals)[-1] if closed else None
