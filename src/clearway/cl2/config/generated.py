"""`generatedConfig_*.yaml`: the config after templates, overrides and modules, as ClusterLoader2 writes it.

Go writes its own field names, so keys are all in small letters, times are nanoseconds, and no field is left out. The
file can be read back, because keys are matched without regard to case.
"""

from __future__ import annotations

from typing import Any

import yaml
from pydantic import BaseModel

from clearway.base.units import Duration
from clearway.cl2.config.model import ChaosMonkeyConfig, Cl2Config, NamespaceConfig
from clearway.cl2.names import safe


def generated_name(config: Cl2Config, identifier: str) -> str:
    """The file's name: the test's, and its scenario's identifier if it has one."""
    return safe("_".join(part for part in ("generatedConfig", config.name, identifier) if part)) + ".yaml"


def generated_text(config: Cl2Config, namespaces: NamespaceConfig) -> str:
    """The whole file, with the namespaces as they will be."""
    filled = config.model_copy(update={"namespace": namespaces})
    return yaml.safe_dump(_written(filled), sort_keys=False, allow_unicode=True, width=120)


def _written(value: Any) -> Any:
    if isinstance(value, ChaosMonkeyConfig):
        # A set of names is written as a mapping of them.
        return {"nodefailure": None, "excludednodes": {node: {} for node in value.excluded_nodes}}
    if isinstance(value, BaseModel):
        return {name.replace("_", ""): _written(inner) for name, inner in value}
    if isinstance(value, Duration):
        return round(value.si * 1e9)
    if isinstance(value, tuple | list):
        return [_written(item) for item in value]
    return {key: _written(inner) for key, inner in value.items()} if isinstance(value, dict) else value
