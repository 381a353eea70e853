"""How ClusterLoader2 is made ready for the script: a mend fits or is refused, an image has its program on our root."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from cluster.interop.peer import LABELS, TAGS, Mend, NotMendable, apply, image_of
from cluster.interop.their_image import write_their_image
from harness.pause_image import write_image


def mended(mend: Mend, folder: Path, text: str) -> str:
    path = folder / mend.file
    path.parent.mkdir(parents=True)
    path.write_text(text)
    apply(mend, folder)
    return path.read_text()


def test_label_keys_are_said_to_be_meant(tmp_path: Path) -> None:
    before = "labels:\n  {{.clientPodName}}: client\n  {{.serverPodName}}: server\nname: {{.clientPodName}}\n"
    after = mended(LABELS, tmp_path, before)
    assert after.splitlines()[1:] == [
        "  {{StructuralData .clientPodName}}: client",
        "  {{StructuralData .serverPodName}}: server",
        "name: {{.clientPodName}}",
    ]


def test_every_field_gets_the_tag_of_its_key(tmp_path: Path) -> None:
    numbers = ("Duration", "NumberOfClients", "ClientStartTimestamp")
    names = ("ServerPodIP", "ServerPodName", "Protocol", "ClientPodIP", "ClientPodName")
    fields = [*(f"\t{name} int64" for name in numbers), *(f"\t{name}  string" for name in names)]
    after = mended(TAGS, tmp_path, "\n".join(fields))
    assert '\tServerPodIP  string `json:"serverPodIP"`' in after.splitlines()
    assert after.count("`json:") == 8


@pytest.mark.parametrize("mend", [LABELS, TAGS, image_of("clearway.test/worker:1")])
def test_a_source_that_was_changed_is_not_mended_blindly(tmp_path: Path, mend: Mend) -> None:
    with pytest.raises(NotMendable, match="there 0 times"):
        mended(mend, tmp_path, "something else")


def test_their_image_is_their_program_on_our_root(tmp_path: Path) -> None:
    ours, program, theirs, layout = (tmp_path / name for name in ("ours.tar", "program", "theirs.tar", "layout"))
    program.write_bytes(b"\x7fELF")
    write_image(program, ours, "x86_64")
    layout.mkdir()
    write_their_image(program, ours, theirs, "clearway.test/theirs:1", layout)
    with tarfile.open(theirs) as archive:
        (index,) = _json(archive, "index.json")["manifests"]
        manifest = _json(archive, _place(index))
        config = _json(archive, _place(manifest["config"]))
        layer = archive.extractfile(_place(manifest["layers"][-1]))
        assert layer is not None
        with tarfile.open(fileobj=layer) as files:
            assert files.getnames() == ["workspace/network"]
    assert index["annotations"]["io.containerd.image.name"] == "clearway.test/theirs:1"
    assert config["config"]["Entrypoint"] == ["/workspace/network"]
    assert len(manifest["layers"]) == len(config["rootfs"]["diff_ids"]) == 2


def _json(archive: tarfile.TarFile, name: str) -> Any:
    content = archive.extractfile(name)
    assert content is not None
    return json.load(content)


def _place(descriptor: Any) -> str:
    return f"blobs/{descriptor['digest'].replace(':', '/')}"
