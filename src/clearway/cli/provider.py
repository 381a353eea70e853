"""The flags that say how the nodes' own system is reached."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

from clearway.shell.providers import provider_named
from clearway.shell.reach import Reach, reach


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
        if self.provider is None and not self.provider_configs:
            return None
        return reach(provider_named(self.provider or ""), self.provider_configs, os.environ)


HowNodes = Annotated[How, Parameter(name="*")]

NO_PROVIDER = How()
