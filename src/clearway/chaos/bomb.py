"""The time bomb: before a node is broken, a timer is started on it that restores it, even if the controller has died.

The bomb is a process outside the login session that started it: a unit where systemd runs, else a session of its own.
It is armed for as long as its file exists, so removing the file disarms it, and no process has to be found or killed.
Time is the node's uptime: setting the clock does not change it.
"""

from __future__ import annotations

from clearway.base.units import Duration
from clearway.chaos.kinds import Failure
from clearway.shell.base import ShellCommand
from clearway.shell.providers import as_root

FOLDER = "/run/clearway-chaos"
ARMED = "armed"
"""Output of a node whose bomb is armed."""
_TRIES = 30
"""How often a bomb tries to restore, two seconds apart: for a minute, in which services may still be starting."""

_DETACHED = """
if [ -d /run/systemd/system ] && command -v systemd-run >/dev/null; then
  systemd-run --quiet --collect --unit="$name" --setenv=PATH="$PATH" sh -c "$script" "$name" "$@"
else
  setsid nohup sh -c "$script" "$name" "$@" </dev/null >/dev/null 2>&1 &
fi
"""

_ARM = f"""
name=$1 script=$2; shift 2
for program in $3; do command -v "$program" >/dev/null || {{ echo "no $program" >&2; exit 69; }}; done
mkdir -p {FOLDER} && : >"{FOLDER}/$name" || exit
set -- "$1" "$2"
{_DETACHED}
for second in 0 1 2 3 4 5 6 7 8 9; do for try in 1 2 3 4 5; do
  if [ -s "{FOLDER}/$name" ]; then echo {ARMED}; exit 0; fi
  sleep 0.2 2>/dev/null || sleep 1
done; done
rm -f "{FOLDER}/$name"
echo "the bomb did not start" >&2
exit 70
"""

_BOMB = f"""
file={FOLDER}/$0
uptime() {{ read -r now rest </proc/uptime; echo "${{now%%.*}}"; }}
ends=$(($(uptime) + $1))
echo $$ >"$file"
while [ -e "$file" ] && [ "$(uptime)" -lt "$ends" ]; do sleep 1; done
tries=0
while [ -e "$file" ] && [ "$tries" -lt {_TRIES} ]; do
  if sh -c "$2"; then rm -f "$file"; fi
  tries=$((tries + 1))
  [ ! -e "$file" ] || sleep 2
done
rm -f "$file"
rmdir {FOLDER} 2>/dev/null
true
"""

_DISARM = f"""
rm -f "{FOLDER}/$1"
rmdir {FOLDER} 2>/dev/null
true
"""

_LATER = f"""
name=$1 script="sleep 1
$2"; shift 2
{_DETACHED}
"""
"""Starts a script one second after its command was answered."""


def arm(name: str, fuse: Duration, failure: Failure) -> ShellCommand:
    """Outputs ARMED if and only if the bomb is armed; `fuse` counts from then."""
    words = (name, _BOMB, str(round(fuse.si)), failure.restore_script, " ".join(failure.needs))
    return _run(_ARM, *words)


def disarm(name: str) -> ShellCommand:
    """Safe where there is no such bomb."""
    return _run(_DISARM, name)


def break_node(name: str, failure: Failure) -> ShellCommand:
    """Breaks the node: answered afterwards, or before if no answer could come any more.

    A node whose bomb is no longer armed is not broken.
    """
    script = (
        failure.break_script
        if failure.ends_by_itself
        else f'[ -e "{FOLDER}/{name}" ] || exit 71\n{failure.break_script}'
    )
    if failure.cuts_access:
        return _run(_LATER, f"{name}-strike", script)
    return _run(script)


def restore(failure: Failure) -> ShellCommand:
    return _run(failure.restore_script)


def check(failure: Failure) -> ShellCommand:
    """Exits with 0 while the node is broken."""
    return _run(failure.check_script)


def commands_of(name: str, fuse: Duration, failure: Failure) -> tuple[ShellCommand, ...]:
    """All commands for a node that is broken and restored without trouble, in order; checks are left out."""
    if failure.ends_by_itself:
        return (break_node(name, failure),)
    return arm(name, fuse, failure), break_node(name, failure), restore(failure), disarm(name)


def _run(script: str, *words: str) -> ShellCommand:
    return ShellCommand(as_root(("sh", "-c", script, "sh", *words)))
