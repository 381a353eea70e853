"""Limits in a file of their own: other criteria for a run that is already measured."""

from __future__ import annotations

from difflib import get_close_matches

from pydantic import BaseModel, ConfigDict, Field

from clearway.base.errors import UsageError
from clearway.spec.model import Spec
from clearway.spec.types import CriterionField, VersionField


class LimitsFile(BaseModel):
    """Criteria by test name. A test that is not named keeps its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: VersionField = Field(description="Version of this format: 1.")
    accept: dict[str, tuple[CriterionField, ...]] = Field(description="Test name -> criteria.")


def with_limits(spec: Spec, limits: LimitsFile) -> Spec:
    """The same tests, held to these limits. Raises UsageError for a test that the spec doesn't have, and
    for a metric that its protocol doesn't carry.
    """
    names = [test.name for test in spec.tests]
    for name, criteria in limits.accept.items():
        if name not in names:
            close = get_close_matches(name, names, n=1)
            raise UsageError("limits.unknown-test", test=name, choices=tuple(names), suggestion=next(iter(close), None))
        protocol = next(test.protocol for test in spec.tests if test.name == name)
        for criterion in criteria:
            if protocol not in criterion.metric.protocols:
                raise UsageError("limits.wrong-protocol", test=name, metric=criterion.metric.name, protocol=protocol)
    tests = tuple(test.model_copy(update={"accept": limits.accept.get(test.name, test.accept)}) for test in spec.tests)
    return spec.model_copy(update={"tests": tests})
