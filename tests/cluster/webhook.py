"""An admission webhook, as a program of its own: `python webhook.py CERTIFICATE KEY ADDRESS PORT`.

`/sidecar` does to a pod what a service mesh and an OpenShift do: a container beside ours, and ids from a high range.
`/slow` answers too late at first, and allows from the third call on. It prints a line when it listens.
"""

from __future__ import annotations

import base64
import json
import ssl
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

ID = 1_000_690_000
"""Of the range that OpenShift's documentation shows."""
_TOO_LATE, _LATE_CALLS = 3.0, 2
"""Seconds, more than the API server waits; and how many calls wait so long."""
_PROXY = {
    "name": "istio-proxy",
    "image": "clearway.test/pause:1",
    "resources": {"requests": {"cpu": "10m"}, "limits": {"cpu": "1"}},
}
_CHANGES = [
    {"op": "add", "path": "/spec/containers/-", "value": _PROXY},
    *({"op": "add", "path": f"/spec/securityContext/{name}", "value": ID} for name in ("runAsUser", "fsGroup")),
]
_calls = count(1)


class _Admission(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.startswith("/slow") and next(_calls) <= _LATE_CALLS:
            time.sleep(_TOO_LATE)
        answer: dict[str, Any] = {"uid": review["request"]["uid"], "allowed": True}
        if self.path.startswith("/sidecar"):
            answer |= {"patchType": "JSONPatch", "patch": base64.b64encode(json.dumps(_CHANGES).encode()).decode()}
        body = json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": answer}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main(certificate: str, key: str, address: str, port: str) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    server = ThreadingHTTPServer((address, int(port)), _Admission)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    print("listens", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
