"""Two archives that should be the same: what the test of that says when they are not."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

from cluster.image_difference import differences


def tar_of(files: dict[str, bytes], mtime: int = 0) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mtime = len(content), mtime
            tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def archive(path: Path, content: bytes, mtime: int = 0) -> Path:
    layer = gzip.compress(tar_of({"usr/bin/tool": content, "etc/passwd": b"root"}, mtime), mtime=0)
    path.write_bytes(tar_of({"index.json": b"{}", f"blobs/sha256/{hash(layer)}": layer}))
    return path


def test_the_same_bytes_have_no_difference(tmp_path: Path) -> None:
    assert differences(archive(tmp_path / "a", b"one"), archive(tmp_path / "b", b"one")) == []


def test_a_file_of_a_layer_is_named_with_what_differs(tmp_path: Path) -> None:
    found = differences(archive(tmp_path / "a", b"one"), archive(tmp_path / "b", b"two"))
    assert [line for line in found if "usr/bin/tool" in line]
    assert not [line for line in found if "etc/passwd" in line]


def test_a_time_is_a_difference(tmp_path: Path) -> None:
    found = differences(archive(tmp_path / "a", b"one"), archive(tmp_path / "b", b"one", mtime=1))
    assert [line for line in found if "etc/passwd" in line and "mtime 1" in line]
