"""Random damage of a run directory, and what becomes of the verdict."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from clearway.cli.main import main
from clearway.ledger import files

DAMAGED = (files.MANIFEST, files.SEALS, *files.DIGESTED, *files.LINES)
"""All files that a verdict depends on."""


def truncated(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content))]


def flipped(content: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(content))
    return content[:at] + bytes([content[at] ^ 1 << chance.randrange(8)]) + content[at + 1 :]


def another_digit(content: bytes, chance: random.Random) -> bytes:
    at = chance.choice([at for at, byte in enumerate(content) if 48 <= byte < 58] or [0])
    return content[:at] + bytes([48 + (content[at] - 47) % 10]) + content[at + 1 :]


def line_dropped(content: bytes, chance: random.Random) -> bytes:
    lines = content.splitlines(keepends=True)
    del lines[chance.randrange(len(lines))]
    return b"".join(lines)


def lines_dropped_at_the_end(content: bytes, chance: random.Random) -> bytes:
    lines = content.splitlines(keepends=True)
    return b"".join(lines[: chance.randrange(len(lines))])


def line_doubled(content: bytes, chance: random.Random) -> bytes:
    lines = content.splitlines(keepends=True)
    at = chance.randrange(len(lines))
    return b"".join([*lines[:at], lines[at], *lines[at:]])


def lines_swapped(content: bytes, chance: random.Random) -> bytes:
    lines = content.splitlines(keepends=True)
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


def zeroed(content: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(content))
    return content[:at] + bytes(len(content) - at)


DAMAGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    *(truncated, flipped, another_digit, zeroed),
    *(line_dropped, lines_dropped_at_the_end, line_doubled, lines_swapped),
)


def damage(run: Path, other: Path, folder: Path, chance: random.Random) -> tuple[str, str] | None:
    """Copy `run` to `folder` with one file damaged; says which and how. None where the file stayed as it was."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(run, folder)
    name = chance.choice([name for name in DAMAGED if (run / name).stat().st_size])
    content, how = (run / name).read_bytes(), chance.randrange(len(DAMAGES) + 2)
    if how == len(DAMAGES):
        (folder / name).unlink()
        return name, "removed"
    changed = (other / name).read_bytes() if how > len(DAMAGES) else DAMAGES[how](content, chance)
    (folder / name).write_bytes(changed)
    return (name, "of another run" if how > len(DAMAGES) else DAMAGES[how].__name__) if changed != content else None


def called(*words: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command of clearway."""
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(words)
    return code, out.getvalue(), err.getvalue()


_ORDER = ("fail", "inconclusive", "pass")
"""From worst to best."""


@dataclass(frozen=True)
class Kept:
    """A run that was recorded, and its verdict."""

    folder: Path
    state: str
    closed: bool


def state_of(folder: Path) -> tuple[int, str, str]:
    """Exit code of `report`, the verdict that it shows, and what it says on stderr."""
    code, out, err = called("report", str(folder), "--format", "json")
    return code, json.loads(out)["state"] if code == 0 else "", err


def check_one_damage(kept: Kept, other: Path, folder: Path, chance: random.Random) -> str:
    """Damage a copy of the run: it is no bug, no better verdict, and not whole. Says what became of it."""
    done = damage(kept.folder, other, folder, chance)
    if done is None:
        return "unchanged"
    code, state, said = state_of(folder)
    whole, line, _ = called("verify", str(folder))
    assert (code in (0, 3), whole, line.count("\n")) == (True, 3, 1), (done, said, line)
    if code == 3:
        assert f"{folder}/" in said, (done, said)
        return "refused"
    assert _ORDER.index(state) <= _ORDER.index(kept.state), (done, state)
    assert not kept.closed or state == kept.state, done
    return "said"
