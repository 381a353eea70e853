"""A test config as ClusterLoader2 knows it: all of it, also what is refused later by its name.

Keys are matched without regard to case (`yaml_text.py`). A key with nothing after it counts as left out, as in Go.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from clearway.base.errors import UnitError
from clearway.base.quantity_text import parse_duration
from clearway.base.units import Duration
from clearway.spec.types import refusal


def parse_span(text: str) -> Duration:
    """Read a Go duration: `10s`, `1m30s`, `1.5h`, `0`. Raises UnitError."""
    return Duration(0) if text.strip() == "0" else parse_duration(text)


def _span(value: Any) -> Duration:
    if isinstance(value, Duration):
        return value
    try:
        return parse_span(str(value))
    except UnitError as error:
        raise refusal(error) from None


def _whole(value: Any) -> int:
    """As Go reads it out of a map: a float without a fraction is a whole number, if 64 bits can hold it."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise PydanticCustomError("int_parsing", "int_parsing") from None
    whole = abs(number) < 2**63 and number == int(number) and str(value).isascii()
    if isinstance(value, bool) or not whole:
        raise PydanticCustomError("int_parsing", "int_parsing")
    return int(number)


GoDuration = Annotated[Duration, PlainValidator(_span)]
"""A Go duration."""
GoInt = Annotated[int, PlainValidator(_whole)]
"""A whole number in a measurement's parameters."""
Counted = Annotated[GoInt, Field(ge=0)]
Several = Annotated[GoInt, Field(ge=1)]
"""One at least."""


_MOST_NAMESPACES = 10_000
"""So many a cluster is said to hold."""
SomeNamespaces = Annotated[int, Field(ge=0, le=_MOST_NAMESPACES)]

RawParams = dict[str, Any]
"""Keys of a measurement's or template's own: their case counts."""


class Part(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        coerce_numbers_to_str=True,
        allow_inf_nan=False,
    )

    @model_validator(mode="before")
    @classmethod
    def _without_empty_keys(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        return {key: value for key, value in data.items() if value is not None}


class NamespaceConfig(Part):
    number: SomeNamespaces = 0
    """0 counts as 1."""
    prefix: str = ""
    delete_stale_namespaces: bool | None = None
    delete_automanaged_namespaces: bool | None = None
    enable_existing_namespaces: bool = False
    delete_namespace_timeout: GoDuration = Duration(600)


class Module(Part):
    """Where steps come from another file."""

    path: str = ""
    params: RawParams = {}


class Instance(Part):
    identifier: str = ""
    params: RawParams = {}


class MeasurementStep(Part):
    method: str
    params: RawParams = {}
    identifier: str = ""
    instances: tuple[Instance, ...] = ()


class NamespaceRange(Part):
    min: int = Field(0, ge=0)
    max: int = 0
    basename: str | None = None


class Unknown(Part):
    label_selector: RawParams = {}


class Object(Part):
    basename: str = ""
    object_template_path: str = ""
    template_fill_map: RawParams = {}
    list_unknown_object_options: Unknown | None = None


class ObjectPhase(Part):
    namespace_range: NamespaceRange | None = None
    namespace_list: tuple[str, ...] | None = None
    replicas_per_namespace: int = Field(0, ge=0)
    tuning_set: str = ""
    object_bundle: tuple[Object, ...] = ()


class ConfigStep(Part):
    phases: tuple[ObjectPhase, ...] = ()
    measurements: tuple[MeasurementStep, ...] = ()
    module: Module = Module()
    name: str = ""


class Steps(Part):
    """A module's file."""

    steps: tuple[ConfigStep, ...] = ()


class QpsLoad(Part):
    qps: float


class RandomizedLoad(Part):
    average_qps: float


class SteppedLoad(Part):
    burst_size: int
    step_delay: GoDuration


class TimeLimit(Part):
    time_limit: GoDuration


class ParallelismLimit(Part):
    parallelism_limit: int


class GlobalQpsLoad(Part):
    qps: float
    burst: int


class PoissonLoad(Part):
    expected_actions_per_second: float


class TuningSet(Part):
    name: str
    initial_delay: GoDuration = Duration(0)
    qps_load: QpsLoad | None = None
    randomized_load: RandomizedLoad | None = None
    stepped_load: SteppedLoad | None = None
    time_limited_load: TimeLimit | None = None
    randomized_time_limited_load: TimeLimit | None = None
    parallelism_limited_load: ParallelismLimit | None = None
    global_qps_load: GlobalQpsLoad | None = Field(None, alias="globalQPSLoad")
    poisson_load: PoissonLoad | None = None


class NodeFailure(Part):
    failure_rate: float = Field(gt=0, le=1)
    interval: GoDuration
    jitter_factor: float = Field(0.0, ge=0)
    simulated_downtime: GoDuration = Duration(0)


class ChaosMonkeyConfig(Part):
    node_failure: NodeFailure | None = None
    excluded_nodes: Annotated[tuple[str, ...], BeforeValidator(tuple)] = ()
    """A list, or a mapping of which only the keys count."""


class Dependency(Part):
    name: str = ""
    method: str = ""
    timeout: GoDuration = Duration(0)
    params: RawParams = {}


class Cl2Config(Part):
    name: str
    dependencies: tuple[Dependency, ...] = ()
    automanaged_namespaces: SomeNamespaces = 0
    namespace: NamespaceConfig = NamespaceConfig()
    steps: tuple[ConfigStep, ...] = Field(min_length=1)
    tuning_sets: tuple[TuningSet, ...] = ()
    chaos_monkey: ChaosMonkeyConfig = ChaosMonkeyConfig()


class Scenario(Part):
    """One test of a suite."""

    identifier: str = ""
    config_path: str
    override_paths: tuple[str, ...] = ()


class Suite(Part):
    """A suite's file is a bare list; it is read as if it stood below this key."""

    scenarios: tuple[Scenario, ...]
