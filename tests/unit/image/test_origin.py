"""What stands beside the image's archive: every package with version and digest, and what the image was made from."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

from image.build import CLONE
from image.origin import BILL, PROVENANCE, STATUS, ImageOrigin, Package, commit_of, packages_of

LISTED = """\
Package: libc6
Version: 2.36-9+deb12u7
Architecture: amd64
Description: GNU C Library
 More of it: Version: 1
Status: install ok unpacked
SHA256: aa11

Package: iperf
Version: 2.1.8+dfsg-1
Architecture: amd64
Status: install ok unpacked
SHA256: bb22

"""


def root(folder: Path) -> Path:
    path = folder / "root.tar"
    with tarfile.open(path, "w") as tar:
        member = tarfile.TarInfo(f"./{STATUS}")
        member.size = len(LISTED.encode())
        tar.addfile(member, io.BytesIO(LISTED.encode()))
    return path


def origin(folder: Path) -> ImageOrigin:
    packages = packages_of(root(folder))
    return ImageOrigin("clearway.dev/worker", "1.0", "sha256:cc33", 0, packages, {"a.py": b"text"})


def test_packages_are_those_that_dpkg_lists(tmp_path: Path) -> None:
    assert packages_of(root(tmp_path)) == (
        Package("iperf", "2.1.8+dfsg-1", "amd64", "bb22"),
        Package("libc6", "2.36-9+deb12u7", "amd64", "aa11"),
    )


def test_the_bill_names_each_package_with_version_and_digest(tmp_path: Path) -> None:
    bill = origin(tmp_path).bill()
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    assert [part["purl"] for part in bill["components"]] == [
        "pkg:deb/debian/iperf@2.1.8%2Bdfsg-1?arch=amd64",
        "pkg:deb/debian/libc6@2.36-9%2Bdeb12u7?arch=amd64",
    ]
    assert [part["hashes"] for part in bill["components"]] == [
        [{"alg": "SHA-256", "content": content}] for content in ("bb22", "aa11")
    ]


def test_the_provenance_is_about_this_image_and_names_commit_packages_and_files(tmp_path: Path) -> None:
    made = origin(tmp_path)
    made.write_beside(tmp_path / "worker.oci.tar", CLONE)
    said = json.loads((tmp_path / f"worker.oci.tar{PROVENANCE}").read_text())
    assert said["subject"] == [{"name": "clearway.dev/worker", "digest": {"sha256": "cc33"}}]
    definition = said["predicate"]["buildDefinition"]
    assert definition["externalParameters"]["commit"] == commit_of(CLONE)
    assert {part["name"] for part in definition["resolvedDependencies"]} == {
        *("deb:iperf=2.1.8+dfsg-1", "deb:libc6=2.36-9+deb12u7", "a.py"),
    }
    assert json.loads((tmp_path / f"worker.oci.tar{BILL}").read_text()) == made.bill()


def test_a_folder_that_is_no_clone_has_no_commit(tmp_path: Path) -> None:
    assert commit_of(tmp_path) is None
