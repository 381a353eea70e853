"""The way to an API server, by the rules of Go's clients."""

from __future__ import annotations

import pytest
from yarl import URL

from clearway.kube.errors import ConfigUnusable
from clearway.kube.proxy import proxy_of

PROXY = "http://proxy:3128"
ENVIRONMENT = {"HTTPS_PROXY": PROXY}


@pytest.mark.parametrize(
    ("server", "no_proxy", "direct"),
    [
        ("https://172.20.0.1", "172.20.0.0/16", True),
        ("https://172.21.0.1", "172.20.0.0/16", False),
        ("https://[fd00::1]:6443", "fd00::/8", True),
        ("https://10.0.0.1:6443", "10.0.0.1", True),
        ("https://10.0.0.1:6443", "10.0.0.1:6443", True),
        ("https://10.0.0.1:6443", "10.0.0.1:443", False),
        ("https://10.0.0.1", "10.0.0.1:443", True),
        ("https://api.example.com", "example.com", True),
        ("https://api.example.com", "*.example.com", True),
        ("https://example.com", ".example.com", False),
        ("https://badexample.com", "example.com", False),
        ("https://api.example.com", "other.com, EXAMPLE.com", True),
        ("https://[fd00::1]", "[fd00::1]:443", True),
        ("https://api", "*", True),
        ("https://api", "", False),
        ("https://api", "not/a/network", False),
        ("https://127.0.0.1:6443", "", True),
        ("https://localhost:6443", "", True),
    ],
)
def test_no_proxy_is_read_as_kubectl_reads_it(server: str, no_proxy: str, *, direct: bool) -> None:
    found = proxy_of(URL(server), "", {**ENVIRONMENT, "NO_PROXY": no_proxy})
    assert found == (None if direct else URL(PROXY))


def test_the_kubeconfigs_proxy_goes_before_all_others() -> None:
    everything = {**ENVIRONMENT, "NO_PROXY": "*"}
    assert proxy_of(URL("https://api"), "http://stated:1", everything) == URL("http://stated:1")


def test_each_scheme_has_its_proxy_in_either_spelling() -> None:
    assert proxy_of(URL("http://api"), "", ENVIRONMENT) is None
    assert proxy_of(URL("http://api"), "", {"http_proxy": "proxy:1"}) == URL("http://proxy:1")


@pytest.mark.parametrize("stated", ["socks5://proxy:1", "ftp://proxy", "http://:1"])
def test_a_proxy_of_another_kind_is_refused_at_once(stated: str) -> None:
    with pytest.raises(ConfigUnusable):
        proxy_of(URL("https://api"), stated, {})
