"""A run directory as a reader's input: one of its files is changed, as it stands or with the digests made anew.

With new digests no line shows that it was changed: what reads a run may rely on nothing but what it checks itself.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from clearway.campaign.conclusion import conclude, render_all
from clearway.ledger import files
from clearway.ledger.chain import Head, LineForm, form_of, sha256
from clearway.ledger.disk import pretty
from clearway.ledger.files import MANIFEST_CODEC, Manifest
from clearway.ledger.one_file import content_of
from clearway.ledger.read import read_manifest, read_run
from clearway.ledger.seal import SEAL, Seal, SealReason
from clearway.ledger.verdicts import Verdicts

RUN = Path(__file__).parents[1] / "golden/sample"
_LISTED = (files.FINDINGS, files.PLAN, *files.LINES)
_PLAIN = (files.SPEC, files.INVENTORY)
FORGED = (*_PLAIN, *_LISTED)
"""Files whose content is changed below new digests."""
DAMAGED = (files.MANIFEST, files.SEALS, *FORGED)


def damaged_seeds() -> list[bytes]:
    """The name of a file, and its content."""
    return [b"%s\n%s" % (name.encode(), content_of(RUN / name)) for name in DAMAGED]


def forged_seeds() -> list[bytes]:
    """The name of a file, and its content without run id and digests. Of results one line, which comes last and so
    counts instead of an earlier one.
    """
    whole = [b"%s\n%s" % (name.encode(), b"\n".join(_records(name))) for name in FORGED if name != files.RESULTS]
    return [*whole, *(b"%s\n%s" % (files.RESULTS.encode(), line) for line in _records(files.RESULTS))]


def damaged(content: bytes, folder: Path) -> None:
    """Raises LedgerError."""
    name, text = _chosen(content, DAMAGED)
    run = _copy(folder)
    (run / name).write_bytes(text)
    _used(run)


def forged(content: bytes, folder: Path) -> None:
    """Raises LedgerError."""
    name, text = _chosen(content, FORGED)
    run, manifest = _copy(folder), read_manifest(RUN)
    form = form_of(manifest)
    texts = {plain: content_of(RUN / plain) for plain in _PLAIN}
    heads = {listed: form.first(listed) for listed in _LISTED}
    for listed in _LISTED:
        lines = _records(listed)
        if listed == name:
            lines = [*lines, *text.splitlines()] if name == files.RESULTS else text.splitlines()
        texts[listed], heads[listed] = _chained(form, listed, lines)
    if name in _PLAIN:
        texts[name] = text
    for file, written in texts.items():
        (run / file).write_bytes(written)
    _seal(run, manifest, form, texts, heads)
    _used(run)


def _used(run: Path) -> None:
    """As `report` and `verify` use a run."""
    record = read_run(run)
    Verdicts(run, record.manifest).check()
    render_all(conclude(record, "en"))


def _seal(run: Path, manifest: Manifest, form: LineForm, texts: Mapping[str, bytes], heads: Mapping[str, Head]) -> None:
    digests = {name: sha256(texts[name]) for name in files.DIGESTED}
    manifest_text = pretty(MANIFEST_CODEC.encode(replace(manifest, digests=digests)))
    seal = Seal(1.0, SealReason.END, sha256(manifest_text.encode()), {name: heads[name] for name in files.LINES})
    line, _ = form.written(form.first(files.SEALS), SEAL.encode(seal))
    (run / files.MANIFEST).write_text(manifest_text)
    (run / files.SEALS).write_text(line)


def _chained(form: LineForm, name: str, lines: list[bytes]) -> tuple[bytes, Head]:
    head, written = form.first(name), []
    for line in lines:
        text, head = form.written(head, line.decode("utf-8", "replace").replace("\n", " "))
        written.append(text.encode("utf-8", "replace"))
    return b"".join(written), head


def _records(name: str) -> list[bytes]:
    if name in _PLAIN:
        return content_of(RUN / name).splitlines()
    form = form_of(read_manifest(RUN))
    head, found = form.first(name), []
    for line in content_of(RUN / name).splitlines():
        record, head = form.read(head, line)
        found.append(record)
    return found


def _chosen(content: bytes, names: tuple[str, ...]) -> tuple[str, bytes]:
    name, _, text = content.partition(b"\n")
    return name.decode("latin-1") if name.decode("latin-1") in names else names[len(name) % len(names)], text


def _copy(folder: Path) -> Path:
    return Path(shutil.copytree(RUN, folder / "run", dirs_exist_ok=True))
