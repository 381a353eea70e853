"""Reads kubeconfigs as kubectl does: several files, the first that says something counts, paths beside the file.

An error names the file and the place in it, and quotes nothing: secrets stand beside everything.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

from clearway.kube.decoding import without_nulls
from clearway.kube.errors import ConfigUnusable

T = TypeVar("T", bound="_Named")

_PLACE = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<key>.*)`)?$", re.DOTALL)
"""A message of msgspec: what is wrong with the type, and where; never the value."""


class _Section(msgspec.Struct, frozen=True, rename="kebab"):
    """`proxy_url` here is `proxy-url` in the file."""


class ClusterSection(_Section, frozen=True):
    server: str
    certificate_authority: str = ""
    certificate_authority_data: str = ""
    insecure_skip_tls_verify: bool = False
    tls_server_name: str = ""
    proxy_url: str = ""


class PluginVariable(_Section, frozen=True):
    name: str
    value: str


class PluginSection(_Section, frozen=True, rename="camel"):
    """A program that logs in: `exec`."""

    command: str
    api_version: str
    args: tuple[str, ...] = ()
    env: tuple[PluginVariable, ...] = ()
    interactive_mode: str = "IfAvailable"
    provide_cluster_info: bool = False


class UserSection(_Section, frozen=True):
    client_certificate: str = ""
    client_certificate_data: str = ""
    client_key: str = ""
    client_key_data: str = ""
    token: str = ""
    token_file: str = msgspec.field(name="tokenFile", default="")
    username: str = ""
    password: str = ""
    exec: PluginSection | None = None
    auth_provider: dict[str, Any] | None = None


class ContextSection(_Section, frozen=True):
    cluster: str
    user: str = ""


class _Named(_Section, frozen=True):
    name: str


class _NamedCluster(_Named, frozen=True):
    cluster: ClusterSection


class _NamedUser(_Named, frozen=True):
    user: UserSection = UserSection()


class _NamedContext(_Named, frozen=True):
    context: ContextSection


class Kubeconfig(_Section, frozen=True):
    clusters: tuple[_NamedCluster, ...] = ()
    users: tuple[_NamedUser, ...] = ()
    contexts: tuple[_NamedContext, ...] = ()
    current_context: str = ""


@dataclass(frozen=True)
class KubeLogin:
    """One cluster and one user, each with the file that it stands in."""

    cluster: ClusterSection
    cluster_file: Path
    user: UserSection
    user_file: Path
    user_name: str


def kubeconfig_files(given: Path | None, environ: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """Where kubectl looks, whether it is there or not."""
    named = str(given) if given is not None else environ.get("KUBECONFIG", "")
    paths = [Path(word).expanduser() for word in named.split(os.pathsep) if word]
    return tuple(paths) or (Path.home() / ".kube" / "config",)


def chosen_login(given: Path | None, context: str | None) -> KubeLogin:
    """The cluster and the user of a context; None: of the current one. Raises ConfigUnusable."""
    wanted = kubeconfig_files(given)
    shown = os.pathsep.join(map(str, wanted))
    read = [(path, _read(path)) for path in wanted if path.exists()]
    if not read:
        raise ConfigUnusable("kube.no-config", file=shown)
    name = context or next((config.current_context for _, config in read if config.current_context), "")
    if not name:
        raise ConfigUnusable("kube.no-current-context", file=shown)
    found, _ = _first("contexts", name, shown, ((one, path) for path, config in read for one in config.contexts))
    cluster, cluster_file = _first(
        "clusters", found.context.cluster, shown, ((one, path) for path, config in read for one in config.clusters)
    )
    if not found.context.user:
        return KubeLogin(cluster.cluster, cluster_file, UserSection(), cluster_file, "")
    user, user_file = _first(
        "users", found.context.user, shown, ((one, path) for path, config in read for one in config.users)
    )
    return KubeLogin(cluster.cluster, cluster_file, user.user, user_file, user.name)


def _first(section: str, name: str, shown: str, entries: Iterable[tuple[T, Path]]) -> tuple[T, Path]:
    for entry, path in entries:
        if entry.name == name:
            return entry, path
    raise ConfigUnusable("kube.config-lacks", file=shown, section=section, name=name)


def _read(path: Path) -> Kubeconfig:
    try:
        data = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
    except OSError as error:
        raise ConfigUnusable("kube.config-unreadable", file=str(path), error=error.strerror or "") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = "" if mark is None else f":{mark.line + 1}:{mark.column + 1}"
        raise ConfigUnusable("kube.config-not-yaml", file=f"{path}{line}") from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise ConfigUnusable("kube.config-not-yaml", file=str(path)) from None
    if data is None:
        raise ConfigUnusable("kube.config-empty", file=str(path))
    return _converted(path, data)


def _converted(path: Path, data: Any) -> Kubeconfig:
    try:
        return msgspec.convert(without_nulls(data), Kubeconfig)
    except (msgspec.ValidationError, RecursionError) as error:
        found = _PLACE.match(str(error))
        key = (found["key"] if found else None) or "/"
        raise ConfigUnusable(
            "kube.config-broken", file=str(path), key=key, problem=found["what"] if found else ""
        ) from None
