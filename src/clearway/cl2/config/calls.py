"""What a compiled test asks for, in order: steps of calls, each with its parameters checked."""

from __future__ import annotations

from dataclasses import dataclass

from clearway.cl2.config.model import Cl2Config, Part
from clearway.spec.problems import SourcePosition

Key = tuple[str, str]
"""Method and identifier: one measurement, called as often as steps name it."""


@dataclass(frozen=True)
class MethodCall:
    """One call of a measurement."""

    method: str
    identifier: str
    action: str
    """Empty where the method knows no actions."""
    params: Part
    place: SourcePosition

    @property
    def key(self) -> Key:
        return self.method, self.identifier


@dataclass(frozen=True)
class PlannedStep:
    """Calls that are made at the same time."""

    name: str
    calls: tuple[MethodCall, ...]


@dataclass(frozen=True)
class Compiled:
    """A test that can be run."""

    config: Cl2Config
    """As generatedConfig_*.yaml shows it: modules resolved, steps skipped, values overwritten."""
    steps: tuple[PlannedStep, ...]
