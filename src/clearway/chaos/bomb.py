"""The time bomb: a node that is going to be broken first gets what will put it back, whoever lives by then.

The bomb is a process of the node's own, not of the session that brought it: a unit where systemd runs, else in a
session of its own. It is armed for as long as its file is there, so it is disarmed by a file's removal, and nothing
has to be found or killed for that. Time is the node's uptime: setting its clock does not move it.
"""

from __future__ import annotations

from clearway.base.units import Duration
from clearway.chaos.kinds import Failure
from clearway.shell.base import ShellCommand
from clearway.shell.providers import as_root

FOLDER = "/run/clearway-chaos"
ARMED = "armed"
"""What a node says when its bomb ticks."""
_TRIES = 30
"""How often a bomb tries to put back, two seconds apart."""

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
"""What is begun when its command has long been answered."""


def arm(name: str, fuse: Duration, failure: Failure) -> ShellCommand:
    """Says ARMED when, and only when, the bomb ticks; `fuse` counts from then."""
    words = (name, _BOMB, str(round(fuse.si)), failure.puts_back, " ".join(failure.needs))
    return _run(_ARM, *words)


def disarm(name: str) -> ShellCommand:
    """Safe where there is no such bomb."""
    return _run(_DISARM, name)


def strike(name: str, failure: Failure) -> ShellCommand:
    """The break itself: answered when it is done, or before it begins if no answer could come after.

    Nothing is broken where the bomb is not armed any more.
    """
    breaks = failure.breaks if failure.by_itself else f'[ -e "{FOLDER}/{name}" ] || exit 71\n{failure.breaks}'
    if failure.cuts_the_road:
        return _run(_LATER, f"{name}-strike", breaks)
    return _run(breaks)


def put_back(failure: Failure) -> ShellCommand:
    return _run(failure.puts_back)


def look(failure: Failure) -> ShellCommand:
    """Ends with 0 while it is broken."""
    return _run(failure.looks)


def all_goes_well(name: str, fuse: Duration, failure: Failure) -> tuple[ShellCommand, ...]:
    """Everything that is run on a node that is broken and put back, in that order, but the looks at it."""
    if failure.by_itself:
        return (strike(name, failure),)
    return arm(name, fuse, failure), strike(name, failure), put_back(failure), disarm(name)


def _run(script: str, *words: str) -> ShellCommand:
    return ShellCommand(as_root(("sh", "-c", script, "sh", *words)))
