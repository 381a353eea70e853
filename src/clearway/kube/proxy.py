"""Which proxy leads to an API server: by the rules of Go's clients, so that kubectl and we take the same way."""

from __future__ import annotations

import os
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from yarl import URL

from clearway.kube.errors import ConfigUnusable

_SCHEMES = ("http", "https")
_PORTS = {"http": 80, "https": 443}


def proxy_of(server: URL, stated: str, environ: Mapping[str, str] = os.environ) -> URL | None:
    """The kubeconfig's `proxy-url` where it states one, else the environment's. Raises ConfigUnusable."""
    text = stated or _from_environment(server, environ)
    if not text:
        return None
    try:
        proxy = URL(text if "://" in text else f"http://{text}")
    except ValueError:
        raise ConfigUnusable("kube.proxy-unreadable") from None
    if proxy.scheme not in _SCHEMES or not proxy.host:
        raise ConfigUnusable("kube.proxy-unsupported", scheme=proxy.scheme, supported=_SCHEMES)
    return proxy


def _from_environment(server: URL, environ: Mapping[str, str]) -> str:
    """Never for this machine itself."""
    if _is_spared(server, _first(environ, "NO_PROXY")):
        return ""
    return _first(environ, f"{server.scheme.upper()}_PROXY")


def _first(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name) or environ.get(name.lower()) or ""


def _is_spared(server: URL, no_proxy: str) -> bool:
    host, address = (server.host or "").lower().rstrip("."), _address(server.host or "")
    if host == "localhost" or (address is not None and address.is_loopback):
        return True
    port = server.port or _PORTS.get(server.scheme, 0)
    words = (word.strip().lower() for word in no_proxy.split(","))
    return any(_spares(word, host, address, port) for word in words if word)


def _spares(word: str, host: str, address: IPv4Address | IPv6Address | None, port: int) -> bool:
    """One entry: `*`, an address, a network, or a domain with all below it, with a leading dot without itself."""
    if word == "*":
        return True
    if "/" in word:
        return address is not None and _contains(word, address)
    name, wanted_port = _split(word)
    if wanted_port and wanted_port != str(port):
        return False
    if (single := _address(name)) is not None:
        return single == address
    if address is not None:
        return False
    name = name.removeprefix("*")
    return host.endswith(name) if name.startswith(".") else host == name or host.endswith(f".{name}")


def _split(word: str) -> tuple[str, str]:
    """Host and port; an IPv6 address has brackets where a port follows."""
    if word.startswith("["):
        name, _, rest = word[1:].partition("]")
        return name, rest.removeprefix(":")
    return (word, "") if word.count(":") > 1 else (word.partition(":")[0], word.partition(":")[2])


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _contains(network: str, address: IPv4Address | IPv6Address) -> bool:
    try:
        return address in ip_network(network, strict=False)
    except ValueError:
        return False
