"""A program that logs in: `exec` of a kubeconfig. It has a time limit, says when it is waited for, and ends with us."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from clearway.base.units import Duration
from clearway.kube.decoding import Decoder
from clearway.kube.errors import ConfigUnusable
from clearway.kube.kubeconfig import ClusterSection, PluginSection
from clearway.probe.records import Finding, Severity
from clearway.worker.child import tied

_WITHIN = Duration(180)
"""Long enough to log in with a browser and a second factor."""
_SAY_AFTER = Duration(5)
"""A program that needs no user answers sooner."""
_LAST_WAIT = 1.0
"""Seconds for a killed program; what it started on a terminal of the user may hold its pipes."""
_QUOTED = 500
"""Characters kept of its messages."""


class PluginStatus(msgspec.Struct, frozen=True, rename="camel"):
    """What it logged in with."""

    token: str = ""
    client_certificate_data: str = ""
    client_key_data: str = ""


class _Credential(msgspec.Struct, frozen=True, rename="camel"):
    api_version: str
    status: PluginStatus


async def run_plugin(
    plugin: PluginSection, folder: Path, cluster: ClusterSection, log: Callable[[Finding], None]
) -> PluginStatus:
    """Raises ConfigUnusable, which names the command only: arguments and variables may be secrets."""
    command = str(folder / plugin.command) if "/" in plugin.command else plugin.command
    if (found := shutil.which(command)) is None:
        raise ConfigUnusable("kube.plugin-missing", command=plugin.command)
    interactive = sys.stdin.isatty() and plugin.interactive_mode != "Never"
    process = await asyncio.create_subprocess_exec(
        *tied(),
        found,
        *plugin.args,
        env={
            **os.environ,
            **{one.name: one.value for one in plugin.env},
            **_info(plugin, cluster, interactive=interactive),
        },
        stdin=None if interactive else asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=not interactive,
    )
    said = bytearray()
    try:
        async with asyncio.timeout(_WITHIN.si):
            answer = await _answer(process, said, lambda: log(_waiting(plugin, said)))
    except TimeoutError:
        raise ConfigUnusable("kube.plugin-silent", command=plugin.command, within=_WITHIN, said=_words(said)) from None
    finally:
        await _end(process, end=process.send_signal if interactive else partial(os.killpg, process.pid))
    if process.returncode:
        values = {"command": plugin.command, "status": process.returncode, "said": _words(said)}
        raise ConfigUnusable("kube.plugin-failed", **values)
    return _status(plugin, answer)


async def _end(process: asyncio.subprocess.Process, end: Callable[[int], None]) -> None:
    """With all that it started, where it has a session of its own; then its pipes are read to their end."""
    with suppress(ProcessLookupError):
        end(signal.SIGKILL)
    with suppress(TimeoutError):
        async with asyncio.timeout(_LAST_WAIT):
            await process.communicate()


async def _answer(process: asyncio.subprocess.Process, said: bytearray, waiting: Callable[[], None]) -> bytes:
    assert process.stdout is not None
    assert process.stderr is not None
    timer = asyncio.get_running_loop().call_later(_SAY_AFTER.si, waiting)
    try:
        answer, _ = await asyncio.gather(process.stdout.read(), _collect(process.stderr, said))
        await process.wait()
    finally:
        timer.cancel()
    return answer


async def _collect(stream: asyncio.StreamReader, said: bytearray) -> None:
    while part := await stream.read(4096):
        said += part[: max(0, _QUOTED - len(said))]


def _waiting(plugin: PluginSection, said: bytearray) -> Finding:
    return Finding("kube.plugin-waits", Severity.INFO, plugin.command, {"within": _WITHIN, "said": _words(said)})


def _words(said: bytearray) -> str:
    return said.decode("utf-8", "replace").strip()


def _status(plugin: PluginSection, answer: bytes) -> PluginStatus:
    try:
        credential = Decoder(_Credential).decode(answer)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ConfigUnusable("kube.plugin-answer", command=plugin.command) from None
    if credential.api_version != plugin.api_version:
        raise ConfigUnusable("kube.plugin-version", command=plugin.command, wanted=plugin.api_version)
    status = credential.status
    if not status.token and not (status.client_certificate_data and status.client_key_data):
        raise ConfigUnusable("kube.plugin-answer", command=plugin.command)
    return status


def _info(plugin: PluginSection, cluster: ClusterSection, *, interactive: bool) -> dict[str, str]:
    """What a program may read of us."""
    spec: dict[str, Any] = {"interactive": interactive}
    if plugin.provide_cluster_info:
        spec["cluster"] = _cluster_info(cluster)
    info = {"apiVersion": plugin.api_version, "kind": "ExecCredential", "spec": spec}
    return {"KUBERNETES_EXEC_INFO": json.dumps(info)}


def _cluster_info(cluster: ClusterSection) -> dict[str, Any]:
    authority = cluster.certificate_authority_data
    if not authority and cluster.certificate_authority:
        authority = base64.b64encode(Path(cluster.certificate_authority).read_bytes()).decode()
    stated = {
        "server": cluster.server,
        "tls-server-name": cluster.tls_server_name,
        "insecure-skip-tls-verify": cluster.insecure_skip_tls_verify,
        "certificate-authority-data": authority,
        "proxy-url": cluster.proxy_url,
    }
    return {name: value for name, value in stated.items() if value}
