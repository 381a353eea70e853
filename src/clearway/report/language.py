"""The language of messages and reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from clearway.base.errors import UsageError

Language = Literal["en", "ko"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

_LOCALE_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
"""In the order of POSIX: the first one that is set decides."""


def choose(flag: str | None, environ: Mapping[str, str]) -> Language:
    """The language asked for by `--lang`, else the locale's, else English.

    Raises UsageError if `flag` is a language that there is no wording for.
    """
    if flag is not None:
        return _known(flag)
    locale = next((environ[name] for name in _LOCALE_VARIABLES if environ.get(name)), "")
    return "ko" if locale.lower().startswith("ko") else "en"


def _known(flag: str) -> Language:
    for language in LANGUAGES:
        if language == flag.lower():
            return language
    raise UsageError("report.unknown-language", found=flag, choices=LANGUAGES)
