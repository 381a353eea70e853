"""An agent as a process of its own, spoken to over its pipes as a controller does."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from typing import Any, Self


class AgentPipe:
    """As a context it ends with the context, however that is left."""

    def __init__(self, argv: Sequence[str], **environment: str) -> None:
        self.process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self.process:
            self.process.kill()

    def send(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(text)
        self.process.stdin.flush()

    def tell(self, message: dict[str, Any]) -> None:
        self.send(json.dumps(message) + "\n")

    def hear(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"the agent ended: {self.last_words()}"
        message: dict[str, Any] = json.loads(line)
        return message

    def last_words(self) -> str:
        """What it wrote to its standard error, once it has ended."""
        assert self.process.stderr is not None
        return self.process.stderr.read()

    def close(self, within: float = 30.0) -> int:
        """Its exit status, after its input has ended."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(within)
