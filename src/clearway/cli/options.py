"""Options that several commands share."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from clearway.report.language import Language, choose

Lang = Annotated[str | None, Parameter(name="--lang", help="Language: en or ko; left out: the locale's.")]
JsonFlag = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON, for scripts.")]
AllowChaos = Annotated[
    bool, Parameter(name="--allow-chaos", negative="", help="Break nodes on purpose, where the spec asks for it.")
]
HostsFile = Annotated[Path | None, Parameter(name="--hosts", help="Measure the plain hosts of this file, over ssh.")]
SpecFile = Annotated[Path | None, Parameter(help="The spec; left out: a built-in profile.")]
RunFolder = Annotated[Path, Parameter(help="The run directory.")]


def spoken_language() -> Language:
    """The language of messages when a command failed before it could choose: `--lang` if given, else the locale's."""
    argv = sys.argv[1:]
    for number, word in enumerate(argv):
        flag = word.removeprefix("--lang=") if word.startswith("--lang=") else None
        if word == "--lang" and number + 1 < len(argv):
            flag = argv[number + 1]
        if flag in ("en", "ko"):
            return choose(flag, os.environ)
    return choose(None, os.environ)


def language(flag: str | None) -> Language:
    return choose(flag, os.environ)
