"""`clearway image`: the worker image, and how it gets onto the nodes where there is no registry."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from clearway.base.errors import SiteError, UsageError
from clearway.cli.flags import Lang, chosen_language
from clearway.report.wording import sentence
from clearway.site.kubernetes.options import IMAGE, newest_archive

Runtime = Literal["kind", "minikube", "k3s", "containerd", "docker", "podman"]

LOADERS: Mapping[Runtime, tuple[str, ...]] = {
    "kind": ("kind", "load", "image-archive", "{archive}", "--name", "{cluster}"),
    "minikube": ("minikube", "image", "load", "{archive}", "--profile", "{cluster}"),
    "k3s": ("k3s", "ctr", "images", "import", "{archive}"),
    "containerd": ("ctr", "--namespace", "k8s.io", "images", "import", "{archive}"),
    "docker": ("docker", "load", "--input", "{archive}"),
    "podman": ("podman", "load", "--input", "{archive}"),
}
"""What loads an archive. The first two load it on every node, the others on the node where they run."""

_USUAL_CLUSTER: Mapping[Runtime, str] = {"kind": "kind", "minikube": "minikube"}


def image(
    runtime: Annotated[Runtime | None, Parameter(help="What runs the nodes' containers; left out: show all.")] = None,
    *,
    archive: Annotated[Path | None, Parameter(help="The archive; left out: what `make image` made last.")] = None,
    cluster: Annotated[str | None, Parameter(help="The cluster's name, for kind and minikube.")] = None,
    load: Annotated[bool, Parameter(name="--load", help="Do it, on this machine.")] = False,
    lang: Lang = None,
) -> int:
    """Print the command that loads the worker image, or run it."""
    found = archive or newest_archive()
    if found is None or not found.is_file():
        raise UsageError("image.no-archive", archive=None if found is None else str(found))
    if runtime is not None:
        argv = loading(runtime, found, cluster)
        if load:
            return _loaded(argv)
        print(shlex.join(argv))
        return 0
    if load:
        raise UsageError("image.load-where", choices=list(LOADERS))
    print(sentence("image.archive", {"image": IMAGE, "archive": str(found)}, chosen_language(lang)))
    for name in LOADERS:
        print(f"  {name:<12}{shlex.join(loading(name, found, cluster))}")
    print(sentence("image.nodes", {"archive": shlex.quote(str(found))}, chosen_language(lang)))
    return 0


def loading(runtime: Runtime, archive: Path, cluster: str | None) -> tuple[str, ...]:
    """The command that loads the image into a runtime."""
    values = {"archive": str(archive), "cluster": cluster or _USUAL_CLUSTER.get(runtime, "")}
    return tuple(word.format(**values) for word in LOADERS[runtime])


def _loaded(argv: tuple[str, ...]) -> int:
    try:
        status = subprocess.run(argv, check=False).returncode
    except FileNotFoundError:
        raise SiteError("image.no-tool", tool=argv[0]) from None
    if status != 0:
        raise SiteError("image.not-loaded", command=shlex.join(argv), exit=status)
    return 0
