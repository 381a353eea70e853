"""Runs first on a host, itself read from standard input: it reads the agent from there and becomes it.

The agent is the next line, a zip-app in base64; all further lines are input of the agent. Its code is never written to
a file. The parent process only waits; either of the two removes the scratch folder if the other is killed.

This file also runs on Pythons that are too old for the agent, so it uses only syntax that they have.
"""

import base64
import os
import runpy
import shutil
import signal
import sys
import tempfile

OLDEST = (3, 9)
TOO_OLD = 69
"""Exit status of a Python that can't run the agent; its version is on standard error then."""
SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)


def main() -> None:
    if sys.version_info < OLDEST:
        sys.stderr.write("%d.%d.%d" % sys.version_info[:3])
        sys.exit(TOO_OLD)
    code = base64.b64decode(sys.stdin.readline())
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    scratch = tempfile.mkdtemp(prefix="clearway-")
    agent = os.fork()
    if agent:
        watch(agent, scratch)
    become(code, scratch)


def watch(agent: int, scratch: str) -> None:
    def pass_on(*_: object) -> None:
        os.kill(agent, signal.SIGTERM)

    for sign in SIGNALS:
        signal.signal(sign, pass_on)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    status = os.waitpid(agent, 0)[1]
    shutil.rmtree(scratch, ignore_errors=True)
    sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))


def become(code: bytes, scratch: str) -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    os.environ["TMPDIR"] = tempfile.tempdir = scratch
    # Some builds of Python have no memfd_create; what they get instead has no name either.
    memory = os.fdopen(os.memfd_create("clearway"), "wb") if hasattr(os, "memfd_create") else tempfile.TemporaryFile()
    memory.write(code)
    memory.flush()
    try:
        runpy.run_path("/proc/self/fd/%d" % memory.fileno(), run_name="__main__")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
