"""The HTML report in a real browser: painted, usable by mouse and keyboard, silent, and open to all readers."""

from __future__ import annotations

import csv
import io
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from clearway.campaign.conclusion import conclude_in
from clearway.ledger.read import read_run
from clearway.report.document import ReportDocument
from clearway.report.html import HtmlReport
from unit.report.hostile import poisoned
from unit.report.runs import RUNS, composed
from unit.report.test_html import EVIL

GOLDEN = Path(__file__).parents[2] / "golden"
CAPTURED = {
    "accepted": GOLDEN / "runs" / "accepted",
    "rejected": GOLDEN / "sample",
    "inconclusive": GOLDEN / "runs" / "inconclusive",
}
"""Runs on a lab, as they were measured."""
WIDTHS = (360, 800, 1400)
MET, MISSED = (47, 125, 181), (196, 74, 23)
"""The colours of what a chart draws, on white."""
pytestmark = pytest.mark.slow
every_run = pytest.mark.parametrize("name", CAPTURED)


def documents(name: str) -> tuple[ReportDocument, ...]:
    return conclude_in(("en", "ko"), read_run(CAPTURED[name]))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium")
    assert program is not None, "scripts/setup.sh dev installs it"
    with sync_playwright() as playwright:
        # root has no sandbox in Chromium; the page is our own
        found = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"] if os.geteuid() == 0 else [])
        yield found
        found.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The reports of all captured runs, of one whose slow node is the same in all tests, and of hostile names."""
    folder = tmp_path_factory.mktemp("reports")
    texts = {name: HtmlReport().render(first, others) for name in CAPTURED for first, *others in [documents(name)]}
    both = [poisoned(composed(RUNS["rejected"], language), EVIL) for language in ("en", "ko")]
    made = [composed(RUNS["rejected"], language) for language in ("en", "ko")]
    texts["slow-node"] = HtmlReport().render(made[0], made[1:])
    texts["hostile"] = HtmlReport().render(both[0], both[1:])
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in texts}


class Opened:
    """A page with all that it asked for and complained about."""

    def __init__(self, page: Page, path: Path, query: str = "") -> None:
        self.page = page
        self.asked: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.address = path.as_uri() + query
        page.goto(self.address)

    def picture(self, selector: str) -> Image.Image:
        return Image.open(io.BytesIO(self.page.locator(selector).first.screenshot())).convert("RGB")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1400, "height": 1000}, accept_downloads=True)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    yield context.new_page()
    context.close()


def has(picture: Image.Image, colour: tuple[int, int, int]) -> bool:
    """Whether some pixel is about of this colour."""
    return any(
        all(abs(one - other) < 12 for one, other in zip(pixel, colour, strict=True))
        for _, pixel in picture.getcolors(picture.width * picture.height) or []
        if isinstance(pixel, tuple)
    )


@pytest.mark.parametrize("name", [*CAPTURED, "hostile"])
def test_nothing_leaves_the_page_and_it_has_no_complaint(page: Page, files: dict[str, Path], name: str) -> None:
    opened = Opened(page, files[name])
    for button in page.get_by_role("button").all():
        if button.is_visible() and button.get_attribute("id") != "print":
            button.click()
    page.wait_for_timeout(100)
    assert {url for url in opened.asked if not url.startswith("blob:")} == {opened.address}
    assert opened.complaints == []


@pytest.mark.parametrize("name", [*CAPTURED, "hostile"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_fits_the_screen(page: Page, files: dict[str, Path], name: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    Opened(page, files[name])
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if name in CAPTURED:
        keep(page, f"{name}-{width}")


def keep(page: Page, name: str) -> None:
    """A picture to be looked at, where CLEARWAY_PICTURES names a folder."""
    if folder := os.environ.get("CLEARWAY_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_charts_and_maps_are_painted(page: Page, files: dict[str, Path]) -> None:
    opened = Opened(page, files["slow-node"], "?theme=light")
    assert has(opened.picture("#spread .chart svg"), MET)
    assert has(opened.picture("#spread .chart svg"), MISSED)
    assert has(opened.picture("#time .chart svg"), MISSED)
    assert has(opened.picture("#delays .chart svg"), MET)
    assert has(opened.picture("table.heat"), (156, 58, 12)), "far beyond the limit"
    assert has(opened.picture("table.heat"), (174, 208, 234)), "well within it"


def test_an_accepted_network_shows_nothing_in_the_colour_of_a_missed_limit(page: Page, files: dict[str, Path]) -> None:
    opened = Opened(page, files["accepted"], "?theme=light")
    for selector in ("#spread .charts", "#time .charts", "table.heat"):
        assert not has(opened.picture(selector), MISSED)


def test_a_cell_is_read_by_hovering_clicking_and_by_the_keyboard(page: Page, files: dict[str, Path]) -> None:
    Opened(page, files["rejected"])
    cells = page.locator("#map-0 td[data-tip]")
    cells.first.hover()
    assert page.locator("#tip").inner_text() == cells.first.get_attribute("data-tip")
    cells.first.click()
    road = (cells.first.get_attribute("data-tip") or "").partition(":")[0]
    assert page.locator("#panel-t").inner_text() == road
    assert "throughput (mean)" in page.locator("#panel-b").inner_text()
    before = page.evaluate("document.activeElement.cellIndex")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.cellIndex") == before + 1
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    assert page.locator("td.on").count() == 1
    assert page.locator("#map-0 td[tabindex='0']").count() == 1


def test_tabs_show_one_map_at_a_time(page: Page, files: dict[str, Path]) -> None:
    Opened(page, files["rejected"])
    tabs = page.get_by_role("tab")
    tabs.first.focus()
    page.keyboard.press("ArrowRight")
    assert tabs.nth(1).get_attribute("aria-selected") == "true"
    assert [map_.is_visible() for map_ in page.locator(".map").all()][:2] == [False, True]


def test_the_language_is_switched_with_and_without_a_script(browser: Browser, files: dict[str, Path]) -> None:
    for scripts in (True, False):
        context = browser.new_context(java_script_enabled=scripts)
        opened = Opened(context.new_page(), files["rejected"])
        word = opened.page.locator(".word")
        assert word.inner_text() == "REJECTED"
        opened.page.get_by_text("한국어").click()
        assert word.inner_text() == "불합격"
        assert not any(
            line.isascii() and line.endswith(".") for line in opened.page.locator(".band").inner_text().split("\n")
        )
        context.close()


def test_facts_and_charts_need_no_script(browser: Browser, files: dict[str, Path]) -> None:
    context = browser.new_context(java_script_enabled=False)
    opened = Opened(context.new_page(), files["rejected"])
    assert all(map_.is_visible() for map_ in opened.page.locator(".map").all())
    assert has(opened.picture("#spread .chart svg"), MISSED)
    assert not opened.page.locator("#copy").is_visible()
    context.close()


def test_the_sentence_is_copied_in_the_language_that_is_read(page: Page, files: dict[str, Path]) -> None:
    Opened(page, files["accepted"], "?lang=ko")
    page.locator("#copy").click()
    page.locator("#copy .done").wait_for(state="visible")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == " ".join(page.locator("#sentence").inner_text().split())
    assert "애플리케이션을 먼저 확인하십시오." in copied


def test_pairs_are_sorted_by_a_figure_and_saved_as_csv(page: Page, files: dict[str, Path]) -> None:
    Opened(page, files["rejected"])
    page.locator("#pairs details").first.evaluate("element => { element.open = true; }")
    head = page.locator("#pairs table").first.locator("thead th").nth(3)
    values = page.locator("#pairs table").first.locator("tbody td:nth-child(4)")
    for order in (False, True):
        head.locator("button").click()
        page.wait_for_function("element => element.ariaSort !== null", arg=head.element_handle())
        page.wait_for_timeout(50)
        shown = [float(text) for text in values.all_inner_texts() if text]
        assert shown == sorted(shown, reverse=order)
    with page.expect_download() as saved:
        page.locator("button.csv").first.click()
    rows = list(csv.reader(io.StringIO(Path(saved.value.path()).read_text(encoding="utf-8-sig"))))
    assert len(rows) == 1 + len(documents("rejected")[0].tests[0].measured)
    assert rows[0][3].startswith("throughput (mean) [")


def test_a_hostile_name_is_no_formula_in_a_spreadsheet(page: Page, files: dict[str, Path]) -> None:
    """A spreadsheet runs what begins with one of these signs."""
    Opened(page, files["hostile"])
    page.locator("#pairs details").first.evaluate("element => { element.open = true; }")
    with page.expect_download() as saved:
        page.locator("button.csv").first.click()
    rows = list(csv.reader(io.StringIO(Path(saved.value.path()).read_text(encoding="utf-8-sig"))))
    assert any("<script>" in field for row in rows for field in row)
    assert [field for row in rows for field in row if field.startswith(("=", "+", "@"))] == []


@pytest.mark.parametrize(
    ("name", "theme"), [*((name, "light") for name in (*CAPTURED, "hostile")), ("rejected", "dark")]
)
def test_readers_who_do_not_see_the_page_can_use_it(page: Page, files: dict[str, Path], name: str, theme: str) -> None:
    Opened(page, files[name], f"?theme={theme}")
    found = Axe().run(page)
    assert [
        (one["id"], [node["html"][:160] for node in one["nodes"][:3]]) for one in found.response["violations"]
    ] == []


def test_dark_is_dark_and_paper_is_white(page: Page, files: dict[str, Path]) -> None:
    Opened(page, files["rejected"], "?theme=dark")
    paper = "getComputedStyle(document.querySelector('.sheet')).backgroundColor"
    assert page.evaluate(paper) == "rgb(21, 28, 36)"
    page.emulate_media(media="print")
    assert page.evaluate(paper) == "rgb(255, 255, 255)"
    assert all(map_.is_visible() for map_ in page.locator(".map").all())


@every_run
@pytest.mark.parametrize("language", ["en", "ko"])
def test_what_is_signed_fits_on_the_first_page_of_paper(
    page: Page, files: dict[str, Path], name: str, language: str
) -> None:
    Opened(page, files[name], f"?lang={language}")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 703, "height": 1054})  # A4 less its margins, at 96 dots an inch
    assert page.locator(".sheet").first.bounding_box()["height"] <= 1054  # type: ignore[index]
