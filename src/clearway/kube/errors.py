"""Errors of the API server, and of reaching it.

KubeError               (SiteError, exit 3)
    ConfigUnusable      the kubeconfig can't be read or used
    Unverified          its certificate proves nothing
    Unreachable         no answer from the API server
    Unauthorized        it does not know the user
    Forbidden           the user lacks a right
    NotFound            no such object
        NotServed       no such kind of objects
    Exists, Conflict, Expired, Invalid
    Overloaded          it asks to retry later, or what stands before it does
    Failed              it, or an admission webhook that it asks, could not do it
    Undecodable         its answer is not what this kind of object looks like
    Unexpected          anything else
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clearway.base.errors import SiteError

_COMES_BACK = 120.0
"""Seconds: when it or its machine is restarted, an API server is away for about a minute, and then reads its state."""
_QUOTED = 500
"""Characters kept of the API server's message."""


class KubeError(SiteError):
    patience = 0.0
    """Seconds for which the same request may succeed a moment later; 0: it never will."""


class ConfigUnusable(KubeError): ...


class Unverified(KubeError): ...


class Unreachable(KubeError):
    patience = _COMES_BACK


class Unauthorized(KubeError): ...


class Forbidden(KubeError): ...


class NotFound(KubeError): ...


class NotServed(NotFound): ...


class Exists(KubeError):
    is_perhaps_ours = False
    """An earlier try had no answer, and may have created it."""


class Conflict(KubeError):
    patience = 30.0


class Expired(KubeError): ...


class Invalid(KubeError): ...


class Overloaded(KubeError):
    patience = _COMES_BACK


class Failed(KubeError):
    patience = 75.0
    """An election in etcd takes seconds, a webhook's pod that moves about a minute."""


class Undecodable(KubeError): ...


class Unexpected(KubeError): ...


_KINDS: Mapping[int, tuple[type[KubeError], str]] = {
    **dict.fromkeys((400, 413, 415, 422), (Invalid, "kube.invalid")),
    **dict.fromkeys((429, 502, 503, 504), (Overloaded, "kube.overloaded")),
    401: (Unauthorized, "kube.unauthorized"),
    403: (Forbidden, "kube.forbidden"),
    404: (NotFound, "kube.not-found"),
    409: (Conflict, "kube.conflict"),
    410: (Expired, "kube.expired"),
    500: (Failed, "kube.unexpected"),
}
_TOO_LARGE = "too large"
_WEBHOOK = "failed calling webhook"


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
    if status == 404 and not (found.get("details") or {}).get("name"):
        kind = NotServed
    elif status == 500 and _TOO_LARGE in message:
        kind = Unexpected
    elif status == 500 and _WEBHOOK in message:
        code = "kube.webhook"
    return kind(code, request=str(asked), message=message, status=status)


def undecodable(asked: Asked, error: Exception) -> Undecodable:
    return Undecodable("kube.undecodable", request=str(asked), error=str(error))


def no_answer(server: str, error: BaseException) -> Unreachable:
    words = str(error) or type(error).__name__
    return Unreachable("kube.unreachable", server=server, error=words[:_QUOTED])


def unverified(server: str, error: BaseException) -> Unverified:
    cause = getattr(error, "certificate_error", error)
    words = getattr(cause, "verify_message", "") or str(cause)
    return Unverified("kube.unverified", server=server, error=words[:_QUOTED])


def _status_of(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
