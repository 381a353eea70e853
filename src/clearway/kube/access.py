"""Which cluster, and as which user: from a kubeconfig or a pod's service account to what a connection needs."""

from __future__ import annotations

import base64
import binascii
import os
import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from yarl import URL

from clearway.kube.errors import ConfigUnusable
from clearway.kube.kubeconfig import KubeLogin, UserSection, chosen_login
from clearway.kube.login_plugin import run_plugin
from clearway.kube.proxy import proxy_of
from clearway.kube.tls import TlsMaterial
from clearway.probe.records import Finding

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


@dataclass(frozen=True)
class Access:
    """Which cluster, and as which user."""

    kubeconfig: Path | None = None
    """None: as kubectl finds it."""
    context: str | None = None
    """None: the current one."""
    in_cluster: bool = False
    """With the service account of the pod that we run in."""
    hurried: bool = False
    """A server that does not answer at once is not waited for."""


@dataclass(frozen=True)
class Door:
    """The way to one API server, and what opens it."""

    server: URL
    tls: TlsMaterial
    authorization: str | None = None
    """Of the header."""
    server_name: str | None = None
    """The name that the server's certificate has, where that is not its address."""
    proxy: URL | None = None

    def context(self) -> ssl.SSLContext | bool:
        """What a connection verifies with; nothing is read where none is made with TLS. Raises ConfigUnusable."""
        ways = [self.server] if self.proxy is None else [self.server, self.proxy]
        return self.tls.context() if any(way.scheme == "https" for way in ways) else True


async def door_of(access: Access, log: Callable[[Finding], None]) -> Door:
    """Read anew each time: tokens in files and from programs change. Raises ConfigUnusable."""
    if access.in_cluster:
        return _door_of_pod()
    login = chosen_login(access.kubeconfig, access.context)
    server = _server(login)
    door = Door(
        server,
        TlsMaterial(
            str(login.cluster_file),
            authority=_pem(
                login.cluster_file, login.cluster.certificate_authority_data, login.cluster.certificate_authority
            ),
            verifies=not login.cluster.insecure_skip_tls_verify,
        ),
        server_name=login.cluster.tls_server_name or None,
        proxy=proxy_of(server, login.cluster.proxy_url),
    )
    return await _logged_in(door, login, log)


async def _logged_in(door: Door, login: KubeLogin, log: Callable[[Finding], None]) -> Door:
    user, file = login.user, login.user_file
    certificate = _pem(file, user.client_certificate_data, user.client_certificate)
    key = _pem(file, user.client_key_data, user.client_key)
    authorization = await _legacy_authorization(login) if user.auth_provider is not None else _authorization(user, file)
    if user.exec is not None:
        status = await run_plugin(user.exec, file.parent, login.cluster, log)
        authorization = f"Bearer {status.token}" if status.token else authorization
        certificate = status.client_certificate_data.encode() or certificate
        key = status.client_key_data.encode() or key
    if bool(certificate) != bool(key):
        raise ConfigUnusable("kube.client-certificate", file=str(file))
    return replace(door, tls=replace(door.tls, certificate=certificate, key=key), authorization=authorization)


def _authorization(user: UserSection, file: Path) -> str | None:
    """A token in a file goes before one in the kubeconfig, as in kubectl."""
    if user.token_file:
        return f"Bearer {_content(file, user.token_file).decode('ascii', 'replace').strip()}"
    if user.token:
        return f"Bearer {user.token}"
    if user.username:
        return f"Basic {base64.b64encode(f'{user.username}:{user.password}'.encode()).decode()}"
    return None


async def _legacy_authorization(login: KubeLogin) -> str:
    """By one of the ways that were built into clients once, such as `oidc`: those the client library has."""
    import logging

    from kubernetes_asyncio import client, config

    logging.getLogger("kubernetes_asyncio").setLevel(logging.CRITICAL + 1)  # it quotes the kubeconfig
    sections = {
        "clusters": [{"name": "c", "cluster": {}}],
        "users": [{"name": "u", "user": {"auth-provider": login.user.auth_provider}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    configuration = client.Configuration()
    try:
        await config.load_kube_config_from_dict(sections, client_configuration=configuration)
        return str(configuration.api_key["BearerToken"])
    except Exception as error:  # noqa: BLE001 - the library raises any type of error, whose text quotes the kubeconfig
        values = {"file": str(login.user_file), "key": "auth-provider", "problem": type(error).__name__}
    raise ConfigUnusable("kube.config-broken", **values)


def _server(login: KubeLogin) -> URL:
    try:
        server = URL(login.cluster.server)
        if server.scheme in ("http", "https") and server.host:
            # It is shown, and no request has more of it: user and query may be secrets.
            return server.with_user(None).with_path(server.raw_path.rstrip("/"), encoded=True)
    except ValueError:
        pass
    raise ConfigUnusable("kube.config-broken", file=str(login.cluster_file), key="cluster.server", problem="not a URL")


def _pem(file: Path, data: str, path: str) -> bytes:
    """Data in the kubeconfig goes before a file."""
    if not data:
        return _content(file, path) if path else b""
    try:
        return base64.b64decode(data)
    except (binascii.Error, ValueError):
        raise ConfigUnusable("kube.client-certificate", file=str(file)) from None


def _content(file: Path, path: str) -> bytes:
    """Of a file that the kubeconfig names, relative to its own folder."""
    wanted = file.parent / path
    try:
        return wanted.read_bytes()
    except (OSError, ValueError) as error:
        cause = getattr(error, "strerror", None) or "?"
        raise ConfigUnusable("kube.config-unreadable", file=str(wanted), error=cause) from None


def _door_of_pod() -> Door:
    try:
        host, port = os.environ["KUBERNETES_SERVICE_HOST"], int(os.environ["KUBERNETES_SERVICE_PORT"])
        token = (_ACCOUNT / "token").read_text(encoding="ascii").strip()
        authority = (_ACCOUNT / "ca.crt").read_bytes()
    except (KeyError, ValueError, OSError):
        raise ConfigUnusable("kube.not-in-pod") from None
    server = URL.build(scheme="https", host=host, port=port)
    return Door(server, TlsMaterial(str(_ACCOUNT), authority), f"Bearer {token}", proxy=proxy_of(server, ""))
