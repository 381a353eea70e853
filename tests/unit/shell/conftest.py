"""A real sshd on this machine's loopback, for the tests of one file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sshd import Keys, Sshd, free_port, serving


@dataclass(frozen=True)
class Lodge:
    keys: Keys
    server: Sshd
    folder: Path


@pytest.fixture(scope="module")
def lodge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lodge]:
    folder = tmp_path_factory.mktemp("lodge")
    keys = Keys.made(folder / "keys")
    server = Sshd(keys, folder / "server", "127.0.0.1", free_port())
    keys.remember(server)
    with serving(server):
        yield Lodge(keys, server, folder)
