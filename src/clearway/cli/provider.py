"""The flags that say how the nodes' own system is reached."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

from clearway.shell.providers import provider_named
from clearway.shell.reach import Reach, reach

_USUAL = "skeleton"


@dataclass(frozen=True, kw_only=True)
class How:
    provider: Annotated[
        str | None, Parameter(help="What kind of cluster it is; `clearway explain provider` lists them.")
    ] = None
    provider_configs: Annotated[
        tuple[str, ...], Parameter(negative="", help="NAME=value: how its nodes are reached; can be repeated.")
    ] = ()

    def reach(self) -> Reach | None:
        """None where nothing was said of it. Raises UsageError."""
        return self.needed() if self.provider is not None or self.provider_configs else None

    def needed(self) -> Reach:
        """As the flags say; without a provider, any cluster's nodes by ssh. Raises UsageError."""
        name = _USUAL if self.provider is None else self.provider
        return reach(provider_named(name), self.provider_configs, os.environ)


HowNodes = Annotated[How, Parameter(name="*")]

NO_PROVIDER = How()
