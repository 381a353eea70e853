"""The mailbox's schema in the form that the API server requires, made from the codecs that write mailboxes.

A structural schema has one type per key: for a union it allows the keys of all members, and `kind` says which member it
is. It allows neither `const` nor `additionalProperties: false`; strict validation refuses unknown keys.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from clearway.probe.worker_object import WORKER_SPEC, WORKER_STATUS, WorkerPhase

ApiSchema = dict[str, Any]

_UNITS: Mapping[str, str] = {
    "_bps": "bit/s",
    "_bytes": "byte",
    "_per_s": "events per second",
    "_s": "second",
}
_MEANINGS: Mapping[str, str] = {
    "spec": "What the controller wants of this worker.",
    "status": "What the worker says. Only its own pod may write it.",
    "requests": "Its halves of the round's probes.",
    "results": "What came of them, by probe and half.",
    "worker": "The announcement: addresses, free ports, tools.",
    "ping": "Number of a clock exchange.",
    "clock": "The worker's answer to a clock exchange.",
    "now": "Unix seconds on the worker's clock.",
    "start": "The instant, in Unix seconds on the worker's clock.",
    "deadline": "When the worker gives up by itself, same clock.",
    "round": "Id of the round.",
    "role": "Which halves it does.",
    "peer": "Nodes at the other ends.",
    "phase": "Pending, Ready, Measuring, or Done: all results of the round are in.",
    "measures": "Protocols that it measures in the round.",
    "result": "The outcomes, in short.",
    "outcome": "How it ended: measured, or why it is void.",
    "evidence": "What the tool was asked and said.",
}
_ATOMIC = {"x-kubernetes-map-type": "atomic"}
"""Keeps the server's record of field owners (managedFields) from growing with every key of a result."""


def mailbox_schema() -> ApiSchema:
    """Schema of the whole object. Nothing in the status is required: the default status exists before the worker."""
    spec = {"default": {"requests": []}, **structural(WORKER_SPEC.schema(), "spec")}
    status = structural(WORKER_STATUS.schema(), "status")
    for name in ("worker", "clock"):
        status["properties"][name] |= _ATOMIC
    for name in ("results", "observations"):
        status["properties"][name]["additionalProperties"] |= _ATOMIC
    default = {"phase": WorkerPhase.PENDING.value, "results": {}, "observations": {}}
    status = {"default": default, **_nothing_required(status)}
    return {"type": "object", "properties": {"spec": _nothing_required(spec), "status": status}}


def digest(schema: ApiSchema) -> str:
    """Distinguishes two versions of the schema."""
    return hashlib.sha256(json.dumps(schema, sort_keys=True).encode()).hexdigest()[:16]


def structural(schema: Mapping[str, Any], key: str = "") -> ApiSchema:
    """A codec's schema in the API server's dialect."""
    return _described(key, _converted(schema, key))


def _converted(schema: Mapping[str, Any], key: str) -> ApiSchema:
    if "oneOf" in schema:
        return _merged([_converted(member, key) for member in schema["oneOf"]])
    if words := schema.get("enum") or ([schema["const"]] if "const" in schema else None):
        return {"type": "string", "enum": list(words)}
    if "properties" in schema:
        properties = {name: structural(inner, name) for name, inner in schema["properties"].items()}
        return {"type": "object", "required": sorted(schema["required"]), "properties": properties}
    if inner := schema.get("items"):
        return {"type": "array", "items": structural(inner)}
    if schema.get("type") == "object":
        return {"type": "object", "additionalProperties": structural(schema["additionalProperties"])}
    return _with_api_bounds(schema) or {"x-kubernetes-preserve-unknown-fields": True}


def _with_api_bounds(schema: Mapping[str, Any]) -> ApiSchema:
    """An API server writes a bound that itself is not allowed as `minimum` and a flag, as OpenAPI 3.0 does."""
    if (bound := schema.get("exclusiveMinimum")) is None:
        return dict(schema)
    return {**schema, "minimum": bound, "exclusiveMinimum": True}


def _merged(members: Iterable[ApiSchema]) -> ApiSchema:
    """One object that may have any member's keys; a key that means several things takes any value."""
    properties: ApiSchema = {}
    required: set[str] | None = None
    for member in members:
        for name, inner in member["properties"].items():
            properties[name] = _either(properties[name], inner) if name in properties else inner
        required = set(member["required"]) if required is None else required & set(member["required"])
    return {"type": "object", "required": sorted(required or ()), "properties": properties}


def _either(one: ApiSchema, other: ApiSchema) -> ApiSchema:
    if one == other:
        return one
    if "enum" in one and "enum" in other:
        return {**one, "enum": [*one["enum"], *(word for word in other["enum"] if word not in one["enum"])]}
    return {"x-kubernetes-preserve-unknown-fields": True}


def _described(key: str, schema: ApiSchema) -> ApiSchema:
    unit = next((unit for suffix, unit in _UNITS.items() if key.endswith(suffix)), None)
    meaning = _MEANINGS.get(key) or (f"In {unit}." if unit else None)
    return {"description": meaning, **schema} if meaning else schema


def _nothing_required(schema: ApiSchema) -> ApiSchema:
    return {name: value for name, value in schema.items() if name != "required"}
