"""Options that several commands share."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from clearway.base.errors import UsageError
from clearway.report.language import Language, choose
from clearway.spec.model import Spec

Lang = Annotated[str | None, Parameter(name="--lang", help="Language: en or ko; left out: the locale's.")]
Json = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON, for scripts.")]
Sets = Annotated[
    tuple[str, ...],
    Parameter(name="--set", negative="", help="Change a field: tests.bandwidth.duration=5s. Can be repeated."),
]
MaxRate = Annotated[str | None, Parameter(help="What a node may send, and receive, at most: 1Gbit/s.")]
AllowChaos = Annotated[
    bool, Parameter(name="--allow-chaos", negative="", help="Break nodes on purpose, where the spec asks for it.")
]
Profile = Annotated[str | None, Parameter(name="--profile", help="Built-in spec: lab, quick, standard or thorough.")]
LabFlag = Annotated[bool, Parameter(name="--lab", negative="", help="Measure a lab on this machine: 4 nodes, 2 zones.")]
LabFile = Annotated[Path | None, Parameter(name="--lab-file", help="A lab of your own: nodes, zones, links.")]
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


def wanted_spec(
    file: Path | None, profile: str | None, sets: tuple[str, ...], max_rate: str | None, usual: str
) -> Spec:
    """The spec file, or the profile, or the usual profile. Raises UsageError if both are given."""
    from clearway.spec.load import load_profile, load_spec

    if max_rate is not None:
        sets = (*sets, f"max-rate={max_rate}")
    if file is not None and profile is not None:
        raise UsageError("cli.spec-and-profile", spec=str(file), profile=profile)
    return load_spec(file, sets) if file is not None else load_profile(profile or usual, sets)
