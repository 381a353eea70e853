"""The flags that say how the nodes' own operating system is reached, and the way there."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

from clearway.probe.records import Finding
from clearway.shell.base import Shell
from clearway.shell.providers import provider_named
from clearway.shell.reach import Reach, reach
from clearway.shell.roads import road_to
from clearway.shell.runner import Runner
from clearway.site.kubernetes.nodes import machines
from clearway.site.kubernetes.options import KubernetesOptions


@dataclass(frozen=True, kw_only=True)
class HowNodes:
    """Flags for whoever runs commands on nodes."""

    provider: Annotated[str, Parameter(help="Whose nodes they are, for commands on them; skeleton: any cluster's.")] = (
        "skeleton"
    )
    provider_configs: Annotated[
        tuple[str, ...], Parameter(negative="", help="How they are reached: SSH_USER=admin. Can be repeated.")
    ] = ()

    @property
    def reach(self) -> Reach:
        """Raises UsageError."""
        return reach(provider_named(self.provider), self.provider_configs, os.environ)


Nodes = Annotated[HowNodes, Parameter(name="*")]
USUAL = HowNodes()


async def node_shell(cluster: KubernetesOptions, how: Reach, log: Callable[[Finding], None]) -> Shell:
    """Raises SiteError, UsageError where there is no way to them."""
    return Runner(road_to(await machines(cluster.access), how), log=log)
