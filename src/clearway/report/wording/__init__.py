"""The one place where sentences are made: codes with values go in, English or Korean comes out.

`en.toml` and `ko.toml` hold an entry a code; `explain.en.toml` and `explain.ko.toml` hold the glossary.
"""

from clearway.report.wording.sentences import (
    LANGUAGES,
    Language,
    Wording,
    describe_error,
    describe_finding,
    hint,
    knows,
    sentence,
    shown,
    with_others,
)

__all__ = [
    "LANGUAGES",
    "Language",
    "Wording",
    "describe_error",
    "describe_finding",
    "hint",
    "knows",
    "sentence",
    "shown",
    "with_others",
]
