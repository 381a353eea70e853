"""Certificates: who the API server is, who we are, and keys that never have a name on a disk."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from api_server import ApiServer, api_server
from clearway.kube.access import Access, door_of
from clearway.kube.api import connect
from clearway.kube.errors import ConfigUnusable, Unverified
from clearway.kube.objects import ServerInfo
from clearway.kube.tls import TlsMaterial
from clearway.site.kubernetes.surroundings import unverified
from harness.certificates import Authority, make_authority

WITHIN = 10.0
"""Seconds: far below the patience with a server that does not answer."""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("tls") / "pki", ())


@pytest.fixture(scope="module")
def server(authority: Authority) -> Iterator[ApiServer]:
    """It asks its clients for a certificate, and has one for 127.0.0.1 and kubernetes.default.svc."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authority.certificate("ca")))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(authority.certificate("apiserver"), authority.key("apiserver"))
    with api_server(context) as running:
        yield running


def kubeconfig(folder: Path, authority: Authority, server: str, signed_by: str = "ca", **cluster: Any) -> Access:
    authority.write_kubeconfig("admin", server, "written")
    content = json.loads(authority.kubeconfig("written").read_text())
    content["clusters"][0]["cluster"] = {
        "server": server,
        "certificate-authority-data": base64.b64encode(authority.certificate(signed_by).read_bytes()).decode(),
        **cluster,
    }
    path = folder / "kubeconfig"
    path.write_text(json.dumps(content))
    return Access(path)


async def version(access: Access) -> str:
    async with asyncio.timeout(WITHIN), connect(access) as api:
        return (await api.get("/version", ServerInfo)).git_version


async def test_both_ends_prove_who_they_are(server: ApiServer, authority: Authority, tmp_path: Path) -> None:
    assert await version(kubeconfig(tmp_path, authority, f"https://{server.address}")) == "v1.34.0"


async def test_a_server_may_have_another_name_than_its_address(
    server: ApiServer, authority: Authority, tmp_path: Path
) -> None:
    address = f"https://localhost:{server.address.partition(':')[2]}"
    with pytest.raises(Unverified):
        await version(kubeconfig(tmp_path, authority, address))
    named = kubeconfig(tmp_path, authority, address, **{"tls-server-name": "kubernetes.default.svc"})
    assert await version(named) == "v1.34.0"


@pytest.mark.fault("api", "its certificate does not verify", "The command ends at once and says what to do.")
async def test_a_certificate_that_another_authority_signed_is_final_at_once(
    server: ApiServer, authority: Authority, tmp_path: Path
) -> None:
    access = kubeconfig(tmp_path, authority, f"https://{server.address}", signed_by="service-accounts")
    with pytest.raises(Unverified) as refused:
        await version(access)
    assert refused.value.code == "kube.unverified"
    assert "self-signed" in refused.value.values["error"]


async def test_a_server_without_tls_at_an_address_with_it_is_final_at_once(
    authority: Authority, tmp_path: Path
) -> None:
    with api_server() as plain, pytest.raises(Unverified):
        await version(kubeconfig(tmp_path, authority, f"https://{plain.address}"))


async def test_authorities_are_read_only_where_a_connection_has_tls(authority: Authority, tmp_path: Path) -> None:
    """Those of the system are many: reading them takes longer than a request."""
    door = await door_of(kubeconfig(tmp_path, authority, "http://127.0.0.1"), lambda finding: None)
    assert door.context() is True
    for with_tls in (replace(door, server=URL("https://10.0.0.1")), replace(door, proxy=URL("https://10.0.0.1"))):
        assert isinstance(with_tls.context(), ssl.SSLContext)


async def test_a_connection_that_verifies_nothing_knows_it(
    server: ApiServer, authority: Authority, tmp_path: Path
) -> None:
    skip: dict[str, Any] = {"insecure-skip-tls-verify": True, "certificate-authority-data": None}
    access = kubeconfig(tmp_path, authority, f"https://{server.address}", **skip)
    assert await version(access) == "v1.34.0"
    async with connect(access) as api:
        assert [(one.code, one.subject) for one in unverified(api)] == [("kube.tls-unverified", api.server)]


async def test_a_key_is_used_where_no_file_can_be_made(
    server: ApiServer, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So there is none that an end by `kill -9` could leave."""
    access = kubeconfig(tmp_path, authority, f"https://{server.address}")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    assert await version(access) == "v1.34.0"


@pytest.mark.parametrize("bent", ["certificate", "key", "authority"])
def test_what_is_no_certificate_is_refused_with_the_file(authority: Authority, bent: str) -> None:
    whole: dict[str, Any] = {
        "authority": authority.certificate("ca").read_bytes(),
        "certificate": authority.certificate("admin").read_bytes(),
        "key": authority.key("admin").read_bytes(),
    }
    with pytest.raises(ConfigUnusable) as refused:
        TlsMaterial("the-file", **{**whole, bent: b"SECRET"}).context()
    assert refused.value.values == {"file": "the-file"}


async def test_relative_paths_of_a_kubeconfig_lead_to_the_same(authority: Authority, tmp_path: Path) -> None:
    access = kubeconfig(tmp_path, authority, "https://api")
    content = json.loads((tmp_path / "kubeconfig").read_text())
    for name in ("ca.crt", "admin.crt", "admin.key"):
        (tmp_path / name).write_bytes((authority.folder / name).read_bytes())
    embedded = await door_of(access, lambda finding: None)
    content["clusters"][0]["cluster"] = {"server": "https://api", "certificate-authority": "ca.crt"}
    content["users"][0]["user"] = {"client-certificate": "admin.crt", "client-key": "admin.key"}
    (tmp_path / "kubeconfig").write_text(json.dumps(content))
    assert await door_of(access, lambda finding: None) == embedded
