"""How a client finds the API server of the tests."""

from __future__ import annotations

from pathlib import Path

import yaml

from api_server import ApiServer


def kubeconfig(server: ApiServer, folder: Path) -> Path:
    config = {
        "clusters": [{"name": "c", "cluster": {"server": f"http://{server.address}"}}],
        "users": [{"name": "u", "user": {"token": "secret"}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return path
