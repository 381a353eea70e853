"""The flags that say how the nodes' own system is reached."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

from clearway.shell.node_access import NodeAccess, node_access
from clearway.shell.providers import provider_named

_USUAL = "skeleton"


@dataclass(frozen=True, kw_only=True)
class ProviderFlags:
    provider: Annotated[
        str | None, Parameter(help="What kind of cluster it is; `clearway explain provider` lists them.")
    ] = None
    provider_configs: Annotated[
        tuple[str, ...], Parameter(negative="", help="NAME=value: how its nodes are reached; can be repeated.")
    ] = ()

    def node_access(self) -> NodeAccess | None:
        """None where nothing was said of it. Raises UsageError."""
        return self.needed() if self.provider is not None or self.provider_configs else None

    def needed(self) -> NodeAccess:
        """As the flags say; without a provider, any cluster's nodes by ssh. Raises UsageError."""
        name = _USUAL if self.provider is None else self.provider
        return node_access(provider_named(name), self.provider_configs, os.environ)


HowNodes = Annotated[ProviderFlags, Parameter(name="*")]

NO_PROVIDER = ProviderFlags()
