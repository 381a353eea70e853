"""What the READMEs show works, and both languages show the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from clearway.site.hosts.model import load_hosts
from clearway.site.lab.model import LabSpec, lab_of
from clearway.spec.limits import LimitsFile
from clearway.spec.load import load_spec, read_file, read_model
from golden.sample import READMES as SAMPLED
from golden.sample import with_sample
from meta.tree import ROOT, project_files

READMES = [ROOT / "README.md", ROOT / "README.ko.md"]
PAGES = [path for path in project_files() if path.suffix == ".md"]
CODE = re.compile(r"```yaml\n(.*?)```", re.DOTALL)
COMMAND = re.compile(r"^    (clearway .*?|make .*?)(?: {2,}#.*)?$", re.MULTILINE)
COMMENT = re.compile(r" +#.*")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.name)
def test_the_spec_and_the_lab_load(readme: Path, tmp_path: Path) -> None:
    spec, lab = CODE.findall(readme.read_text(encoding="utf-8"))
    (tmp_path / "cat.yaml").write_text(spec, encoding="utf-8")
    (tmp_path / "lab.yaml").write_text(lab, encoding="utf-8")
    assert [test.name for test in load_spec(tmp_path / "cat.yaml").tests] == ["bandwidth", "latency"]
    assert lab_of(read_file(tmp_path / "lab.yaml")).nodes == 4


def test_the_lab_of_the_manual_loads_and_shows_the_defaults(tmp_path: Path) -> None:
    (lab,) = CODE.findall((ROOT / "docs" / "lab.md").read_text(encoding="utf-8"))
    (tmp_path / "lab.yaml").write_text(lab, encoding="utf-8")
    shown = lab_of(read_file(tmp_path / "lab.yaml"))
    assert shown.model_copy(update={"exceptions": ()}) == LabSpec()
    assert len(shown.exceptions) == 2


def test_the_hosts_of_the_manual_load(tmp_path: Path) -> None:
    (hosts,) = CODE.findall((ROOT / "docs" / "hosts.md").read_text(encoding="utf-8"))
    (tmp_path / "hosts.yaml").write_text(hosts, encoding="utf-8")
    assert [host.user for host in load_hosts(tmp_path / "hosts.yaml").resolved()] == ["ops", "ops", "root"]


def test_the_limits_of_the_manual_load(tmp_path: Path) -> None:
    (limits,) = CODE.findall((ROOT / "docs" / "commands.md").read_text(encoding="utf-8"))
    (tmp_path / "limits.yaml").write_text(limits, encoding="utf-8")
    assert list(read_model(read_file(tmp_path / "limits.yaml"), LimitsFile).accept) == ["bandwidth"]


def test_both_languages_show_the_same_commands_and_files() -> None:
    english, korean = (path.read_text(encoding="utf-8") for path in READMES)
    assert COMMAND.findall(english) == COMMAND.findall(korean)
    assert [COMMENT.sub("", code) for code in CODE.findall(english)] == [
        COMMENT.sub("", c) for c in CODE.findall(korean)
    ]


@pytest.mark.parametrize("language", SAMPLED)
def test_the_sample_report_is_what_the_captured_run_says(language: str) -> None:
    readme = SAMPLED[language].read_text(encoding="utf-8")
    assert readme == with_sample(readme, language), "`make docs` writes it again"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    targets = LINK.findall(page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []
