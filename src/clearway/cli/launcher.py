"""`clearway launcher`: a `./clusterloader2` for scripts that call it by its path."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from clearway.base.errors import UsageError
from clearway.cli.flags import Lang, chosen_language
from clearway.ledger.disk import writing
from clearway.report.wording import sentence

_NAME = "clusterloader2"


def launcher(
    folder: Annotated[Path, Parameter(help="Where to put it; left out: here.")] = Path(),
    *,
    replace: Annotated[bool, Parameter(help="Also where there is one already.")] = False,
    lang: Lang = None,
) -> int:
    """Write a program `clusterloader2` that starts the ClusterLoader2 command of this clearway."""
    path = folder / _NAME
    if path.exists() and not replace:
        raise UsageError("door.launcher-exists", path=str(path))
    # The Python of this process, also when it is called from another folder.
    call = "import sys; from clearway.cli.clusterloader2 import main; sys.exit(main())"
    script = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -c {shlex.quote(call)} "$@"\n'
    with writing(path):
        path.write_text(script, encoding="utf-8")
        path.chmod(0o755)
    print(sentence("door.launcher-made", {"path": str(path)}, chosen_language(lang)))
    return 0
