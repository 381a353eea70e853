"""What users can say on the command line: the flags that several commands share, in the groups of their help."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Group, Parameter

from clearway.base.errors import UsageError
from clearway.base.quantity_text import parse_duration
from clearway.kube.access import Access
from clearway.report.wording import LANGUAGES, Language
from clearway.site.kubernetes.options import IMAGE, NAMESPACE, KubernetesOptions, parse_toleration
from clearway.spec.model import Spec

if TYPE_CHECKING:
    from clearway.shell.node_access import NodeAccess

WHAT = Group.create_ordered("What to measure")
NODES = Group.create_ordered("Which nodes")
WORKERS = Group.create_ordered("Workers")
IN_USE = Group.create_ordered("The network in use")
CHAOS = Group.create_ordered("Chaos")
OUTPUT = Group.create_ordered("Output")

Lang = Annotated[str | None, Parameter(name="--lang", group=OUTPUT, help="Language: en or ko; left out: the locale's.")]
JsonFlag = Annotated[bool, Parameter(name="--json", group=OUTPUT, help="Print JSON, for scripts.")]
AllowChaos = Annotated[
    bool,
    Parameter(name="--allow-chaos", group=CHAOS, help="Break nodes on purpose, where the spec asks for it."),
]
HostsFile = Annotated[
    Path | None, Parameter(name="--hosts", group=NODES, help="The plain hosts of this file, over ssh.")
]
SpecFile = Annotated[Path | None, Parameter(group=WHAT, help="The spec; left out: a built-in profile.")]
RunToResume = Annotated[
    Path | None,
    Parameter(name="--resume", group=WHAT, help="Run directory of a run that ended early: measure the rest."),
]
RunFolder = Annotated[Path, Parameter(help="The run directory.")]

_USUAL_PROVIDER = "skeleton"
"""Any cluster: its nodes are reached by ssh, at the addresses that the API names."""


_LOCALE_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
"""In the order of POSIX: the first one that is set decides."""


def chosen_language(flag: str | None, environ: Mapping[str, str] = os.environ) -> Language:
    """What `--lang` says, else the locale's, else English. Raises UsageError for a flag that is not supported."""
    if flag is None:
        locale = next((environ[name] for name in _LOCALE_VARIABLES if environ.get(name)), "")
        return "ko" if locale.lower().startswith("ko") else "en"
    for language in LANGUAGES:
        if language == flag.lower():
            return language
    raise UsageError("report.unknown-language", found=flag, choices=LANGUAGES)


def language_of_words() -> Language:
    """The same from the words of the command line, for a message about words that can't be parsed."""
    words = sys.argv[1:]
    for word, following in zip_longest(words, words[1:]):
        flag = word.removeprefix("--lang=") if word.startswith("--lang=") else None
        if word == "--lang":
            flag = following
        if flag in LANGUAGES:
            return chosen_language(flag)
    return chosen_language(None)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class SpecFlags:
    """Flags that choose a built-in spec, and change what a spec says."""

    profile: Annotated[str | None, Parameter(group=WHAT, help="Built-in spec: lab, quick, standard or thorough.")] = (
        None
    )
    sets: Annotated[
        tuple[str, ...],
        Parameter(name="--set", group=WHAT, help="Change a field: tests.bandwidth.duration=5s. Can be repeated."),
    ] = ()
    max_rate: Annotated[
        str | None, Parameter(group=IN_USE, help="What a node may send, and receive, at most: 1Gbit/s.")
    ] = None

    def spec(self, file: Path | None, site: SiteFlags) -> Spec:
        """The spec file, or the profile, or the usual one of the site. Raises UsageError if both are given, or for the
        spec.
        """
        from clearway.spec.load import load_profile, load_spec

        sets = self.sets if self.max_rate is None else (*self.sets, f"max-rate={self.max_rate}")
        if file is None:
            return load_profile(self.profile or site.usual_profile, sets)
        if self.profile is not None:
            raise UsageError("cli.spec-and-profile", spec=str(file), profile=self.profile)
        return load_spec(file, sets, pods=site.cluster.given)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class ClusterFlags:
    """Flags that name a Kubernetes cluster."""

    kubeconfig: Annotated[Path | None, Parameter(group=NODES, help="The cluster of this kubeconfig.")] = None
    context: Annotated[
        str | None, Parameter(group=NODES, help="Context of the kubeconfig; left out: the current one.")
    ] = None
    in_cluster: Annotated[bool, Parameter(group=NODES, help="The cluster that this runs in, as a pod.")] = False
    namespace: Annotated[
        str, Parameter(group=WORKERS, help="Where the workers live; made, and removed, if it is missing.")
    ] = NAMESPACE

    @property
    def given(self) -> bool:
        """Whether a cluster is named at all."""
        return self.in_cluster or self.kubeconfig is not None or self.context is not None

    @property
    def access(self) -> Access:
        """Raises UsageError if no cluster is named."""
        if not self.given:
            raise UsageError("cli.no-cluster")
        kubeconfig = self.kubeconfig.expanduser().absolute() if self.kubeconfig is not None else None
        return Access(kubeconfig, self.context, self.in_cluster)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class ClusterRunFlags(ClusterFlags):
    """Flags that say how a cluster is measured."""

    nodes: Annotated[
        str | None, Parameter(group=NODES, help="Label selector of the nodes to measure: role=worker.")
    ] = None
    image: Annotated[str, Parameter(group=WORKERS, help="The worker's image.")] = IMAGE
    pull_secret: Annotated[tuple[str, ...], Parameter(group=WORKERS, help="Secret to pull it; can be repeated.")] = ()
    tolerate: Annotated[
        tuple[str, ...],
        Parameter(group=WORKERS, help="Taint that does not keep workers off: key[=value][:effect]."),
    ] = ()
    priority_class: Annotated[str | None, Parameter(group=WORKERS, help="Priority class of the workers' pods.")] = None
    lease: Annotated[str, Parameter(group=WORKERS, help="How long workers outlive a controller that died.")] = "10 min"
    partial: Annotated[
        bool, Parameter(group=WORKERS, help="Measure what can be measured where some workers don't start.")
    ] = False
    beside_others: Annotated[
        bool, Parameter(group=IN_USE, help="Measure although another run does on this cluster; the verdict says so.")
    ] = False
    brake: Annotated[
        bool,
        Parameter(
            group=IN_USE,
            negative="--no-brake",
            help="Stop, or go on, where nodes or the API server get into trouble; left out: stop.",
        ),
    ] = True

    def options(self, machine_label: str | None) -> KubernetesOptions:
        """Raises UsageError if no cluster is named, or for a value that can't be read."""
        return KubernetesOptions(
            access=self.access,
            namespace=self.namespace,
            nodes=self.nodes,
            image=self.image,
            pull_secrets=self.pull_secret,
            tolerations=tuple(parse_toleration(text) for text in self.tolerate),
            priority_class=self.priority_class,
            lease=parse_duration(self.lease),
            machine_label=machine_label,
            partial=self.partial,
            beside_others=self.beside_others,
            brake=self.brake,
        )


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class SiteFlags:
    """Flags that name the site: a lab, plain hosts or a cluster."""

    lab: Annotated[bool, Parameter(group=NODES, help="A lab on this machine: 4 nodes, 2 zones.")] = False
    lab_file: Annotated[Path | None, Parameter(group=NODES, help="A lab of your own: nodes, zones, links.")] = None
    hosts: HostsFile = None
    cluster: ClusterRunFlags = ClusterRunFlags()

    @property
    def is_lab(self) -> bool:
        return self.lab or self.lab_file is not None

    @property
    def usual_profile(self) -> str:
        """The built-in spec where none is named."""
        return "lab" if self.is_lab else "standard"


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class ProviderFlags:
    """Flags that say how the operating system of a cluster's nodes is reached."""

    provider: Annotated[
        str | None,
        Parameter(group=NODES, help="What kind of cluster it is; `clearway explain provider` lists them."),
    ] = None
    provider_configs: Annotated[
        tuple[str, ...],
        Parameter(group=NODES, help="NAME=value: how its nodes are reached; can be repeated."),
    ] = ()

    @property
    def given(self) -> bool:
        return self.provider is not None or bool(self.provider_configs)

    @property
    def given_access(self) -> NodeAccess | None:
        """None where no flag says how. Raises UsageError."""
        return self.node_access if self.given else None

    @property
    def node_access(self) -> NodeAccess:
        """As the flags say; without a provider, any cluster's nodes by ssh. Raises UsageError."""
        from clearway.shell.node_access import node_access
        from clearway.shell.providers import provider_named

        name = _USUAL_PROVIDER if self.provider is None else self.provider
        return node_access(provider_named(name), self.provider_configs, os.environ)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class OutputFlags:
    """Flags that say where a run is kept, and what of it is shown."""

    report_dir: Annotated[
        Path | None, Parameter(group=OUTPUT, help="Run directory; left out: clearway-runs/<time>.")
    ] = None
    json: JsonFlag = False
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], group=OUTPUT, help="No progress on stderr.")] = False
    verbose: Annotated[bool, Parameter(name=["--verbose", "-v"], group=OUTPUT, help="More log on stderr.")] = False
    lang: Lang = None

    @property
    def new_folder(self) -> Path:
        """The run directory of a new run."""
        return self.report_dir or Path("clearway-runs") / time.strftime("%Y%m%d-%H%M%S")
