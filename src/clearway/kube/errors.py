"""Errors of the API server, and of reaching it.

KubeError               (SiteError, exit 3)
    ConfigUnusable      the kubeconfig can't be read or used
    Unreachable         no answer from the API server
    Unauthorized        it does not know the user
    Forbidden           the user lacks a right
    NotFound, Exists, Conflict, Expired, Invalid
    Overloaded          it asks to retry later
    Unexpected          anything else
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clearway.base.errors import SiteError

_QUOTED = 500
"""Characters kept of the API server's message."""


class KubeError(SiteError):
    passing = False
    """The same request may succeed a moment later."""


class ConfigUnusable(KubeError): ...


class Unreachable(KubeError):
    passing = True


class Unauthorized(KubeError): ...


class Forbidden(KubeError): ...


class NotFound(KubeError): ...


class Exists(KubeError): ...


class Conflict(KubeError):
    passing = True


class Expired(KubeError): ...


class Invalid(KubeError): ...


class Overloaded(KubeError):
    passing = True


class Unexpected(KubeError): ...


_KINDS: Mapping[int, tuple[type[KubeError], str]] = {
    **dict.fromkeys((400, 413, 415, 422), (Invalid, "kube.invalid")),
    **dict.fromkeys((429, 503, 504), (Overloaded, "kube.overloaded")),
    401: (Unauthorized, "kube.unauthorized"),
    403: (Forbidden, "kube.forbidden"),
    404: (NotFound, "kube.not-found"),
    409: (Conflict, "kube.conflict"),
    410: (Expired, "kube.expired"),
}


@dataclass(frozen=True)
class Asked:
    """The request that an error is about."""

    verb: str
    path: str

    def __str__(self) -> str:
        return f"{self.verb} {self.path}"


def refusal(asked: Asked, status: int, body: bytes) -> KubeError:
    """The error for an answer with status 400 or more."""
    found = _status_of(body)
    message = str(found.get("message") or body.decode(errors="replace"))[:_QUOTED].strip()
    if status == 409 and found.get("reason") == "AlreadyExists":
        return Exists("kube.exists", request=str(asked), message=message)
    kind, code = _KINDS.get(status, (Unexpected, "kube.unexpected"))
    return kind(code, request=str(asked), message=message, status=status)


def no_answer(server: str, error: BaseException) -> Unreachable:
    words = str(error) or type(error).__name__
    return Unreachable("kube.unreachable", server=server, error=words[:_QUOTED])


def _status_of(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
