"""How the nodes of one cluster are reached: the provider's row, changed by the environment and by flags."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from clearway.base.errors import ClearwayError, UsageError
from clearway.shell.providers import AddressType, Provider, Route, Services
from clearway.shell.ssh import POLICIES, SshLogin

KEY_OVER_ALL, USER, BASTION = "KUBE_SSH_KEY_PATH", "KUBE_SSH_USER", "KUBE_SSH_BASTION"
ROOT_KUBECONFIG = "ROOT_KUBECONFIG"
"""Of the cluster that hollow nodes run in: read by ClusterLoader2, needed by nothing here."""


@dataclass(frozen=True)
class NodeAccess:
    """The provider's row with what was changed of it."""

    provider: Provider
    route: Route | None
    addresses: tuple[AddressType, ...]
    services: Services
    login: SshLogin
    project: str | None = None
    """Google's."""
    stated: bool = field(default=False, compare=False)
    """Whether the user named a key, user or bastion. Without, watchers don't log in to nodes on their own account."""
    without_effect: tuple[str, ...] = field(default=(), compare=False)
    """Names of settings that were given but change nothing."""


def node_access(provider: Provider, given: Iterable[str], environ: Mapping[str, str]) -> NodeAccess:
    """`given` are the words of --provider-configs, `NAME=value`. Raises UsageError."""
    words = tuple(given)
    made = NodeAccess(
        provider,
        provider.route,
        provider.addresses,
        provider.services,
        SshLogin(
            user=environ.get(USER) or provider.user,
            key=_key(provider, environ),
            bastion=environ.get(BASTION) or None,
        ),
        stated=bool(words) or any(environ.get(name) for name in (KEY_OVER_ALL, *provider.key_variables, USER, BASTION)),
    )
    for word in words:
        made = _changed(made, word)
    if made.route is not Route.SSH and made.login.bastion is not None:
        login = replace(made.login, bastion=None)
        made = replace(made, login=login, without_effect=(*made.without_effect, BASTION))
    return made


def _changed(made: NodeAccess, word: str) -> NodeAccess:
    name, equals, value = word.partition("=")
    if not equals:
        raise UsageError("provider.config-without-value", found=word, choices=tuple(CONFIGS))
    if name == ROOT_KUBECONFIG:
        return replace(made, without_effect=(*made.without_effect, name))
    config = CONFIGS.get(name)
    if config is None:
        near = difflib.get_close_matches(name.upper(), CONFIGS, n=1)
        raise UsageError(
            "provider.unknown-config", found=name, suggestion=near[0] if near else None, choices=tuple(CONFIGS)
        )
    try:
        return config.change(made, value)
    except (ValueError, ClearwayError):
        raise UsageError("provider.wrong-config", name=name, found=value, choices=config.choices) from None


@dataclass(frozen=True)
class ProviderConfig:
    """One name of --provider-configs."""

    change: Callable[[NodeAccess, str], NodeAccess]
    """Raises ValueError for a value that makes no sense."""
    choices: tuple[str, ...] = ()


def _sets(name: str, read: Callable[[str], Any], choices: Iterable[str] = ()) -> ProviderConfig:
    return ProviderConfig(lambda made, value: replace(made, **{name: read(value)}), tuple(choices))


def _logs_in(name: str, read: Callable[[str], Any], choices: Iterable[str] = ()) -> ProviderConfig:
    def changed(made: NodeAccess, value: str) -> NodeAccess:
        return replace(made, login=replace(made.login, **{name: read(value)}))

    return ProviderConfig(changed, tuple(choices))


def _service(name: str) -> ProviderConfig:
    def changed(made: NodeAccess, value: str) -> NodeAccess:
        return replace(made, services=replace(made.services, **{name: _argv(value)}))

    return ProviderConfig(changed)


def _one_of(known: Mapping[str, Any]) -> Callable[[str], Any]:
    def read(value: str) -> Any:
        if value not in known:
            raise ValueError(value)
        return known[value]

    return read


def _argv(value: str) -> tuple[str, ...]:
    if not (words := tuple(shlex.split(value))):
        raise ValueError(value)
    return words


def _text(value: str) -> str:
    if not value or value.startswith("-"):
        raise ValueError(value)
    return value


def _port(value: str) -> int:
    if not 0 < int(value) < 1 << 16:
        raise ValueError(value)
    return int(value)


def _path(value: str) -> Path:
    return Path(_text(value)).expanduser().absolute()


_TYPES = {kind.value: (kind,) for kind in AddressType}
_ROUTES = {route.value: route for route in Route}

CONFIGS: Mapping[str, ProviderConfig] = {
    "SSH_USER": _logs_in("user", _text),
    "SSH_KEY": _logs_in("key", _path),
    "SSH_PORT": _logs_in("port", _port),
    "SSH_BASTION": _logs_in("bastion", _text),
    "SSH_KNOWN_HOSTS": _logs_in("known_hosts", _path),
    "SSH_HOST_KEYS": _logs_in("host_keys", _one_of(POLICIES), POLICIES),
    "NODE_ROUTE": _sets("route", _one_of(_ROUTES), _ROUTES),
    "NODE_ADDRESS": _sets("addresses", _one_of(_TYPES), _TYPES),
    "GCE_PROJECT": _sets("project", _text),
    "STOP_KUBELET": _service("stop_kubelet"),
    "START_KUBELET": _service("start_kubelet"),
    "STOP_RUNTIME": _service("stop_runtime"),
    "START_RUNTIME": _service("start_runtime"),
}


def _key(provider: Provider, environ: Mapping[str, str]) -> Path | None:
    """The variable over all, those of the provider, then its own file where that is there."""
    if provider.route is None:
        return None
    named = next((environ[name] for name in (KEY_OVER_ALL, *provider.key_variables) if environ.get(name)), None)
    home = Path(environ["HOME"]) if environ.get("HOME") else Path.home()
    if named is not None:
        return home / ".ssh" / Path(named).expanduser()
    if provider.key_file is None:
        return None
    file = home / provider.key_file.removeprefix("~/")
    return file if file.is_file() else None
