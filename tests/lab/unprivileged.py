"""A user without rights, for the tests that have to do without root."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

AS_NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env") if os.geteuid() == 0 else ()
"""`env` is what starts the program: setpriv itself still has root's eyes when it looks for it."""


def unprivileged_python() -> str:
    """An interpreter of this version that such a user can run; the test is skipped where there is none."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path[1:])}
    for python in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        argv = (*AS_NOBODY, python, "-c", "import clearway.site.lab.site")
        if subprocess.run(argv, env=environment, capture_output=True, check=False).returncode == 0:
            return python
    pytest.skip("no interpreter here that another user may read; the rootless lab is tested in a user namespace")
