"""The cluster's own authority, its certificates, and the kubeconfig of each user."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from harness.failure import CommandFailed
from harness.spec import API_PORT, FAMILIES, IPV4, NodeSpec

_DAYS = 30
_MINIMAL = "[req]\ndistinguished_name = name\n[name]\n"
"""Debian's own settings would add extensions that contradict ours."""


@dataclass(frozen=True)
class Identity:
    """Who a certificate is for. `alternatives` are the other names, as openssl writes them."""

    name: str
    subject: str
    usage: str = "clientAuth"
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True)
class Authority:
    """A folder of keys, certificates and kubeconfigs."""

    folder: Path

    def key(self, name: str) -> Path:
        return self.folder / f"{name}.key"

    def certificate(self, name: str) -> Path:
        return self.folder / f"{name}.crt"

    def kubeconfig(self, name: str) -> Path:
        return self.folder / f"{name}.kubeconfig"

    def write_kubeconfig(self, identity: str, server: str, target: str) -> None:
        """`target`.kubeconfig: `identity` at `server`, with everything embedded."""
        cluster = {"server": server, "certificate-authority-data": _encoded(self.certificate("ca"))}
        user = {
            "client-certificate-data": _encoded(self.certificate(identity)),
            "client-key-data": _encoded(self.key(identity)),
        }
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "harness", "cluster": cluster}],
            "users": [{"name": identity, "user": user}],
            "contexts": [{"name": "harness", "context": {"cluster": "harness", "user": identity}}],
            "current-context": "harness",
        }
        self.kubeconfig(target).write_text(json.dumps(content, indent=1))


def make_authority(folder: Path, nodes: Iterable[NodeSpec]) -> Authority:
    """An authority and what every part of a cluster shows of itself."""
    folder.mkdir(mode=0o700)
    authority = Authority(folder)
    (folder / "openssl.cnf").write_text(_MINIMAL)
    _certify(authority, Identity("ca", "/CN=cluster-harness"))
    identities = [*_FIXED, *map(_of_node, nodes)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda identity: _certify(authority, identity), identities))
    server = f"https://{IPV4.api}:{API_PORT}"
    for identity in identities:
        authority.write_kubeconfig(identity.name, server, identity.name)
    return authority


_API_ADDRESSES = (
    "IP:127.0.0.1",
    *(f"IP:{address}" for family in FAMILIES.values() for address in (family.api, family.service_of_api)),
)
_FIXED = (
    Identity("apiserver", "/CN=kube-apiserver", "serverAuth", (*_API_ADDRESSES, "DNS:kubernetes.default.svc")),
    Identity("admin", "/O=system:masters/CN=admin"),
    Identity("controller-manager", "/CN=system:kube-controller-manager"),
    Identity("scheduler", "/CN=system:kube-scheduler"),
    Identity("proxy", "/CN=system:kube-proxy"),
    Identity("service-accounts", "/CN=service-accounts"),
)


def _of_node(node: NodeSpec) -> Identity:
    alternatives = (*(f"IP:{address}" for address in node.addresses), f"DNS:{node.name}")
    return Identity(node.name, f"/O=system:nodes/CN=system:node:{node.name}", "clientAuth,serverAuth", alternatives)


def _certify(authority: Authority, identity: Identity) -> None:
    """The authority signs itself, then all others."""
    argv = (
        *("openssl", "req", "-x509", "-new", "-nodes", "-days", str(_DAYS), "-subj", identity.subject),
        *("-config", str(authority.folder / "openssl.cnf")),
        *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
        *("-keyout", str(authority.key(identity.name)), "-out", str(authority.certificate(identity.name))),
        *_extensions(authority, identity),
    )
    ran = subprocess.run(argv, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        raise CommandFailed(argv, ran.returncode, ran.stdout, ran.stderr)


def _extensions(authority: Authority, identity: Identity) -> Iterable[str]:
    if identity.name == "ca":
        return ("-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
    signed = ("-CA", str(authority.certificate("ca")), "-CAkey", str(authority.key("ca")))
    names = ("-addext", f"subjectAltName={','.join(identity.alternatives)}") if identity.alternatives else ()
    return (*signed, "-addext", f"extendedKeyUsage={identity.usage}", *names)


def _encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
