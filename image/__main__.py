"""`python -m image`: makes the worker image if this clone's is not there yet, and prints where its archive is.

Exit: 0 made or there; 2 this machine can't make it, and the reason is printed.
"""

from __future__ import annotations

import subprocess
import sys

from clearway.site.kubernetes.options import cache
from image.build import build
from image.debian import SUITE, NoDebian
from image.lock import LOCK, OtherContent


def main() -> int:
    try:
        print(build(cache()))
    except NoDebian:
        return _refuse(f"apt here has no package lists of Debian {SUITE}; elsewhere image/Containerfile builds it")
    except OtherContent as error:
        return _refuse(f"has the version that {LOCK.name} names, and another content: {error}")
    except FileNotFoundError as error:
        return _refuse(f"missing: {error.filename}")
    except subprocess.CalledProcessError as error:
        return _refuse(f"{error.cmd[0]} failed, exit {error.returncode}")
    return 0


def _refuse(why: str) -> int:
    print(f"image: {why}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
