"""The command line that ClusterLoader2 gives its worker: Go's flags; a few of them set what to measure."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, replace
from typing import Callable, Iterator, Mapping, Optional, Sequence, Tuple

from clearway.base.units import Rate, Size


@dataclass(frozen=True)
class Load:
    """What the flags set for every request."""

    streams: int = 1
    rate: Rate = Rate(1024 * 1024)
    """Of UDP; iperf's own default."""
    datagram: Optional[Size] = None


class NotUnderstood(Exception):
    """A word of the command line that ClusterLoader2 does not know, or that is not supported here."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


def load_of(argv: Sequence[str]) -> Load:
    """What is to be measured. Raises NotUnderstood: a load that is not the one asked for must not be measured."""
    load = Load()
    for name, value in _flags(argv):
        for option, given in _options(_EXTRA.get(name), value):
            load = option(load, given)
    return load


def _flags(argv: Sequence[str]) -> Iterator[Tuple[str, str]]:
    """Each flag with its value, as Go reads them: `-name=value`, `--name value`, a switch by itself."""
    rest = list(argv)
    while rest:
        word = rest.pop(0)
        name, given, value = word.lstrip("-").partition("=")
        if not word.startswith("-") or name not in _KNOWN:
            raise NotUnderstood(word)
        if not given and name not in _SWITCHES:
            if not rest:
                raise NotUnderstood(word)
            value = rest.pop(0)
        yield name, value


_Option = Callable[[Load, str], Load]


def _options(known: Optional[Mapping[str, _Option]], text: str) -> Iterator[Tuple[_Option, str]]:
    """A tool's options in a flag's value, each with its own value: `-b 750M`."""
    words = [] if known is None else shlex.split(text)
    if len(words) % 2:
        raise NotUnderstood(text)
    for name, given in zip(words[::2], words[1::2]):
        if known is None or name not in known:
            raise NotUnderstood(f"{name} {given}")
        yield known[name], given


def _streams(load: Load, given: str) -> Load:
    if not re.fullmatch("[1-9][0-9]{0,2}", given):
        raise NotUnderstood(f"-P {given}")
    return replace(load, streams=int(given))


def _rate(load: Load, given: str) -> Load:
    return replace(load, rate=Rate(_scaled("-b", given)))


def _datagram(load: Load, given: str) -> Load:
    return replace(load, datagram=Size(_scaled("-l", given)))


def _scaled(name: str, given: str) -> float:
    """A number as iperf reads it: its capital letters are powers of 1,024."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([kmgKMG]?)", given)
    if match is None or float(match.group(1)) == 0:
        raise NotUnderstood(f"{name} {given}")
    return float(match.group(1)) * _SCALES[match.group(2)]


_SCALES: Mapping[str, int] = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}

_EXTRA: Mapping[str, Mapping[str, _Option]] = {
    "tcpClientExtraArguments": {"-P": _streams},
    "udpClientExtraArguments": {"-b": _rate, "-l": _datagram},
    "tcpServerExtraArguments": {},
    "udpServerExtraArguments": {},
    "httpClientExtraArguments": {},
}
"""Flags whose value is options for a tool, with the options that are supported."""
_SWITCHES = frozenset(
    {"add_dir_header", "alsologtostderr", "logtostderr", "one_output", "skip_headers", "skip_log_headers"}
)
_LOGGING = frozenset(
    {"log_backtrace_at", "log_dir", "log_file", "log_file_max_size", "stderrthreshold", "v", "vmodule"}
)
"""Without effect: the log goes to standard output, where the cluster keeps it."""
_KNOWN = _SWITCHES | _LOGGING | _EXTRA.keys()
