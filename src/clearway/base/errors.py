"""The error tree. An error is a code with values; its sentence is made in report/wording.

ClearwayError
    UnitError       a quantity that can't be read
    UsageError      what was asked for makes no sense (exit 2)
        SpecError   problems in a spec, all of them at once, each with its place
    SiteError       the site would not let us (exit 3)
    LedgerError     the run directory can't be read or written (exit 3)
    Unreadable      a tool's output proves no measurement: recorded for the probe, never raised to the user
    InternalError   our bug (exit 4)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Mapping

INTERRUPTED = 130
"""Exit code of what a signal ended, as shells have it."""


@dataclass(frozen=True)
class Reason:
    """A code with the values that fill its sentence."""

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)
    """Text, numbers, booleans, quantities, tuples of text, or the reason behind this one."""


class ClearwayError(Exception):
    """Base of all our errors. `code` names the sentence, `values` fill it."""

    exit_code = 3

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(code, values)
        self.code = code
        self.values = values

    @property
    def reason(self) -> Reason:
        """The same as a value: kept in a record, or the cause that another error names."""
        return Reason(self.code, self.values)

    def __str__(self) -> str:
        """For a traceback: people read the sentence that report/wording makes."""
        shown = ", ".join(f"{name}={value}" for name, value in self.values.items())
        return f"{self.code}({shown})"


class UnitError(ClearwayError):
    exit_code = 2


class UsageError(ClearwayError):
    exit_code = 2


class SiteError(ClearwayError):
    exit_code = 3


class LedgerError(ClearwayError):
    exit_code = 3


class Unreadable(ClearwayError):
    exit_code = 4


class InternalError(ClearwayError):
    exit_code = 4
