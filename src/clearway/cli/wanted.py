"""The flags that say what is measured, and where."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from clearway.base.errors import UsageError
from clearway.cli.cluster import NO_CLUSTER, HowCluster
from clearway.cli.options import HostsFile
from clearway.spec.model import Spec


@dataclass(frozen=True, kw_only=True)
class SiteFlags:
    """Flags that name the site."""

    lab: Annotated[bool, Parameter(negative="", help="Measure a lab on this machine: 4 nodes, 2 zones.")] = False
    lab_file: Annotated[Path | None, Parameter(help="A lab of your own: nodes, zones, links.")] = None
    hosts: HostsFile = None
    cluster: HowCluster = NO_CLUSTER

    @property
    def is_lab(self) -> bool:
        return self.lab or self.lab_file is not None


@dataclass(frozen=True, kw_only=True)
class SpecFlags:
    """Flags that choose among the built-in specs, and change what a spec says."""

    profile: Annotated[str | None, Parameter(help="Built-in spec: lab, quick, standard or thorough.")] = None
    sets: Annotated[
        tuple[str, ...],
        Parameter(name="--set", negative="", help="Change a field: tests.bandwidth.duration=5s. Can be repeated."),
    ] = ()
    max_rate: Annotated[str | None, Parameter(help="What a node may send, and receive, at most: 1Gbit/s.")] = None

    @property
    def all_sets(self) -> tuple[str, ...]:
        return self.sets if self.max_rate is None else (*self.sets, f"max-rate={self.max_rate}")


OnSite = Annotated[SiteFlags, Parameter(name="*")]
WithChanges = Annotated[SpecFlags, Parameter(name="*")]

NO_SITE = SiteFlags()
UNCHANGED = SpecFlags()


def wanted_spec(file: Path | None, changes: SpecFlags, where: SiteFlags) -> Spec:
    """The spec file, or the profile, or the site's usual one. Raises UsageError if both are given."""
    from clearway.spec.load import load_profile, load_spec

    if file is None:
        usual = "lab" if where.is_lab else "standard"
        return load_profile(changes.profile or usual, changes.all_sets)
    if changes.profile is not None:
        raise UsageError("cli.spec-and-profile", spec=str(file), profile=changes.profile)
    return load_spec(file, changes.all_sets)
