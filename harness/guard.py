"""What outlives a cluster just long enough to clear away: `python -m harness.guard FOLDER LOCK-FD LEASH-FD`.

The kernel takes a cluster's processes, namespaces, links and mounts by itself. Its cgroups and its folder it does not.
The folder is locked as long as this runs: who gets the lock finds nothing of the cluster any more.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from pathlib import Path

from harness.cgroups import remove_cgroups

_NAMESPACES = (
    *("setpriv", "--pdeathsig", "KILL"),
    *("unshare", "--mount", "--pid", "--net", "--fork", "--kill-child", "--mount-proc"),
)


def main() -> None:
    folder, leash = Path(sys.argv[1]), socket.socket(fileno=int(sys.argv[3]))
    keeper = (sys.executable, "-S", "-m", "harness.keeper", str(folder / "keeper.sock"), str(leash.fileno()))
    with leash:
        cluster = subprocess.Popen((*_NAMESPACES, *keeper), pass_fds=(leash.fileno(),), stdin=subprocess.DEVNULL)
    cluster.wait()
    remove_cgroups(folder.name)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
