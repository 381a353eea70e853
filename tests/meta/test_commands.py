"""Every command that a page shows is one that the program takes; those that need no site are run."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest
from cyclopts import App, CycloptsError, MissingArgumentError

from clearway.cl2.flags import FLAGS
from clearway.cli.app import app
from clearway.cli.clusterloader2 import command
from clearway.cli.main import main
from clearway.cli.plugin import with_kubectls_cluster
from meta.shown import PAGES, Shown, shown_of
from meta.tree import ROOT

GOLDEN = ROOT / "tests" / "golden"
ASKS = {"--help", "--version", "help", "version"}
NEEDS_NO_SITE = {
    *("cni-cost", "completion", "explain", "image", "init", "judge", "launcher", "manifests", "report"),
}
NEEDS_A_SITE_WITH = {"image": "--load"}
ROOTS = (".", "src", "tests")
ENDS = (".py", "/__main__.py")
LIMITS = "{version: 1, accept: {bandwidth: ['throughput >= 450 Mbit/s']}}\n"


@cache
def commands() -> tuple[Shown, ...]:
    """Those of the pages, those of `kubectl clearway` included."""
    of_kubectl = (
        Shown(one.page, shlex.join(("clearway", *with_kubectls_cluster(list(one.words[2:])))), one.mention)
        for one in shown_of("kubectl clearway")
    )
    return (*shown_of("clearway"), *of_kubectl)


@cache
def is_run(one: Shown) -> bool:
    """It needs no site, and is shown with its arguments."""
    _, name, *rest = one.words
    if ASKS & set(one.words):
        return True
    local = name in NEEDS_NO_SITE or (name == "plan" and "--lab" in rest)
    return local and NEEDS_A_SITE_WITH.get(name) not in rest and complaint(one) is None


def complaint(one: Shown, program: App = app) -> CycloptsError | None:
    """What the command line has against it."""
    try:
        program.parse_args(list(one.words[1:]), exit_on_error=False, print_error=False)
    except CycloptsError as error:
        return error
    return None


def accepted(one: Shown, program: App = app) -> bool:
    """A mention may leave out the arguments."""
    error = complaint(one, program)
    return error is None or (one.mention and isinstance(error, MissingArgumentError))


PARSED = [one for one in commands() if not is_run(one)]
RUN = [one for one in commands() if is_run(one)]


@pytest.mark.parametrize("one", PARSED, ids=str)
def test_a_command_that_is_shown_is_taken(one: Shown) -> None:
    assert accepted(one), complaint(one)


@pytest.mark.parametrize("one", shown_of("clusterloader2"), ids=str)
def test_a_call_of_clusterloader2_that_is_shown_is_taken(one: Shown) -> None:
    assert accepted(one, command(FLAGS)), complaint(one, command(FLAGS))


@pytest.mark.parametrize("one", shown_of("make"), ids=str)
def test_a_target_of_make_that_is_shown_can_be_made(one: Shown) -> None:
    argv = ["make", "--dry-run", "--no-print-directory", *one.words[1:]]
    subprocess.run(argv, cwd=ROOT, check=True, capture_output=True, timeout=30)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_scripts_and_modules_that_are_shown_are_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    scripts = [ROOT / name for name in re.findall(r"\bscripts/\w+\.sh\b", text)]
    modules = [name.replace(".", "/") for name in re.findall(r"python -m ([\w.]+)", text)]
    files = [[ROOT / folder / f"{name}{end}" for folder in ROOTS for end in ENDS] for name in modules]
    assert [script for script in scripts if not script.is_file()] == []
    assert [places[0] for places in files if not any(place.is_file() for place in places)] == []


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's folder, with the files and the runs that the pages name."""
    made = tmp_path_factory.mktemp("user")
    (made / "examples").symlink_to(ROOT / "examples")
    for run, name in (("sample", "out"), ("cni/hosts", "on-hosts"), ("cni/pods", "on-pods")):
        shutil.copytree(GOLDEN / run, made / name)
    archive = made / ".cache" / "clearway" / "image" / "worker-of-a-test.oci.tar"
    archive.parent.mkdir(parents=True)
    archive.touch()
    (made / "cat.yaml").write_text((ROOT / "examples" / "small-cluster.yaml").read_text(encoding="utf-8"))
    for limits in ("stricter.yaml", "limits.yaml"):
        (made / limits).write_text(LIMITS)
    return made


@pytest.mark.parametrize("one", RUN, ids=str)
def test_a_command_that_is_shown_and_needs_no_site_runs(
    one: Shown, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The captured run is rejected (1) when it is judged again."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert main(one.words[1:]) == (1 if one.words[1] == "judge" else 0)
    assert capsys.readouterr().out


def test_every_program_is_shown_and_every_command_that_needs_no_site_is_run() -> None:
    assert len(PARSED) > 20
    assert all(shown_of(program) for program in ("clearway", "kubectl clearway", "clusterloader2", "make"))
    assert {one.words[1] for one in RUN} >= NEEDS_NO_SITE | {"plan"}


@pytest.mark.parametrize(
    "text", ["clearway run --kubconfig x", "clearway rum --lab", "clearway report out/ --format pdf", "clearway judge"]
)
def test_a_command_that_is_wrong_is_noticed(text: str) -> None:
    assert not accepted(Shown(Path("page.md"), text, mention=False))
