"""Kubeconfigs: read as kubectl reads them, and never quoted."""

from __future__ import annotations

import asyncio
import base64
import copy
import json
import logging
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clearway.base.errors import ClearwayError
from clearway.cli.main import main
from clearway.kube.access import Access, Door, door_of
from clearway.kube.errors import ConfigUnusable
from clearway.probe.records import Finding
from clearway.report.wording import describe_error
from properties import examples

SECRETS = ("SECRETTOKEN", "SECRETPASSWORD", base64.b64encode(b"SECRETKEY").decode(), "SECRETARGUMENT", "SECRETVARIABLE")
PLUGIN = {
    "apiVersion": "client.authentication.k8s.io/v1",
    "command": "clearway-test-no-such-program",
    "args": ["--secret=SECRETARGUMENT"],
    "env": [{"name": "A", "value": "SECRETVARIABLE"}],
}
USER = {
    "token": SECRETS[0],
    "username": "u",
    "password": SECRETS[1],
    "client-certificate-data": base64.b64encode(b"certificate").decode(),
    "client-key-data": SECRETS[2],
    "exec": PLUGIN,
    "auth-provider": {"name": "oidc", "config": {"id-token": "SECRETTOKEN", "refresh-token": "SECRETTOKEN"}},
}


def config(user: dict[str, Any], **cluster: Any) -> dict[str, Any]:
    return {
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:9", **cluster}}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }


def written(folder: Path, content: Any, name: str = "kubeconfig") -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return path


def door(path: Path | None, context: str | None = None) -> Door:
    return asyncio.run(door_of(Access(path, context), _ignored))


def _ignored(finding: Finding) -> None:
    """No test looks at it."""


def refused(path: Path | None, context: str | None = None) -> ConfigUnusable:
    with pytest.raises(ConfigUnusable) as error:
        door(path, context)
    return error.value


def places(data: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [at, *(place for key, value in inner for place in places(value, (*at, key)))]


def bent(data: Any, place: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(data)
    if not place:
        return value
    target = changed
    for key in place[:-1]:
        target = target[key]
    target[place[-1]] = value
    return changed


WHOLE = config(USER)
JUNK = st.sampled_from([None, 1, True, "", "text", [], {}, ["text"], {"name": "A"}, {"text": 1}])
BENT = st.builds(bent, st.just(WHOLE), st.sampled_from(places(WHOLE)), JUNK).map(yaml.safe_dump)
TORN = st.builds(
    lambda at, bit: (text := yaml.safe_dump(WHOLE))[:at] + bit + text[at + len(bit) :],
    st.integers(0, len(yaml.safe_dump(WHOLE))),
    st.sampled_from(["\t", ":", "{", "\x00", "!!", "&a *a", '"', "\n- ", "*"]),
)


@pytest.mark.slow
@settings(max_examples=examples(250), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=BENT | TORN)
def test_no_broken_kubeconfig_puts_a_secret_into_an_error_or_a_log(
    text: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said = ""
    try:
        door(written(tmp_path, text))
    except ClearwayError as error:
        said = "".join(describe_error(error, language) for language in ("en", "ko"))
    said += "".join(capfd.readouterr()) + caplog.text
    assert not [secret for secret in SECRETS if secret in said]


@pytest.mark.parametrize("end", ["", "/", "?token=SECRETTOKEN", "/?token=SECRETTOKEN#x"])
def test_a_servers_address_is_shown_without_what_may_be_secret(end: str, tmp_path: Path) -> None:
    path = written(tmp_path, config({}, server=f"https://u:SECRETPASSWORD@localhost:6443/k8s/c%20d{end}"))
    assert str(door(path).server) == "https://localhost:6443/k8s/c%20d"


def test_a_broken_kubeconfig_is_refused_by_the_command_with_file_and_key(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, config({**USER, "exec": {**PLUGIN, "env": [{"name": "A"}]}}))
    assert main(["check", "--kubeconfig", str(path), "--lang", "en"]) == 3
    out, err = capfd.readouterr()
    assert f"{path} can't be used, at users[0].user.exec.env[0]" in err
    assert not [secret for secret in SECRETS if secret in out + err]


def test_the_file_that_says_something_first_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = written(tmp_path, {"clusters": [{"name": "c", "cluster": {"server": "https://first"}}]}, "first")
    second = written(tmp_path, config({"token": "t"}, server="https://second"), "second")
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path / 'missing'}:{first}:{second}")
    found = door(None)
    assert (str(found.server), found.authorization) == ("https://first", "Bearer t")


def test_paths_are_relative_to_the_file_that_names_them(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-a-file\n")
    path = written(tmp_path, config({"token": "other", "tokenFile": "token"}))
    assert door(path).authorization == "Bearer from-a-file"


def test_a_server_below_a_path_and_a_name_of_its_certificate_are_kept(tmp_path: Path) -> None:
    server = "https://rancher.example/k8s/clusters/c-1/"
    found = door(written(tmp_path, config({}, server=server, **{"tls-server-name": "kubernetes"})))
    assert (str(found.server), found.server_name) == (server.rstrip("/"), "kubernetes")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "kube.config-empty"),
        ("a: [", "kube.config-not-yaml"),
        ("[]", "kube.config-broken"),
        (config({}, server="host:1"), "kube.config-broken"),
        ({**config({}), "current-context": ""}, "kube.no-current-context"),
        ({**config({}), "current-context": "y"}, "kube.config-lacks"),
        ({**config({}), "users": None}, "kube.config-lacks"),
        (config({"client-key-data": "a2V5"}), "kube.client-certificate"),
        (config({"tokenFile": "missing"}), "kube.config-unreadable"),
        (config({}, **{"proxy-url": "socks5://127.0.0.1:1"}), "kube.proxy-unsupported"),
    ],
)
def test_what_is_missing_or_wrong_is_a_sentence_of_ours(tmp_path: Path, content: Any, code: str) -> None:
    assert refused(written(tmp_path, content)).code == code


def test_a_kubeconfig_that_is_not_there_is_named(tmp_path: Path) -> None:
    error = refused(tmp_path / "missing")
    assert (error.code, error.values["file"]) == ("kube.no-config", str(tmp_path / "missing"))


def test_a_kubeconfig_in_json_with_nulls_is_one(tmp_path: Path) -> None:
    text = json.dumps({**config({"token": "t", "exec": None}), "preferences": None})
    assert door(written(tmp_path, text)).authorization == "Bearer t"
