"""What the harness raises."""

from __future__ import annotations

from pathlib import Path

TAIL = 2_000
"""Characters of a log that are shown."""


class HarnessError(Exception):
    """The harness could not do its part; says what failed and, where known, what to do."""


class CommandFailed(HarnessError):
    """A command ended with another status than 0."""

    def __init__(self, argv: tuple[str, ...], status: int, stdout: str, stderr: str) -> None:
        super().__init__(f"{' '.join(argv)}: exit {status}\n{(stderr or stdout)[-TAIL:].strip()}")
        self.status = status
        self.stdout = stdout
        self.stderr = stderr


def last_words(log: Path) -> str:
    """The end of a log, or nothing if there is none."""
    return log.read_text(errors="replace")[-TAIL:].strip() if log.is_file() else ""
