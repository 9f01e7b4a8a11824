"""The site in a browser: on a phone and on a screen, light and dark, from a folder, without a network."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from lab import SCREENSHOTS, required_browser
from playwright.sync_api import Page, expect
from random_states import mostly_long
from small_site import NAME, faults, sliders

from course.handouts.site import write_site

PHONE, LAPTOP = {"width": 390, "height": 844}, {"width": 1366, "height": 768}
MEGABYTES = 12
LOOKS = [(PHONE, "light"), (PHONE, "dark"), (LAPTOP, "light"), (LAPTOP, "dark")]


@pytest.fixture
def page(browser) -> Iterator[Page]:
    context = browser.new_context(viewport=PHONE, offline=True)
    yield context.new_page()
    context.close()


def seen(page: Page, path: Path, look: tuple[dict[str, int], str]) -> None:
    """Open a page of the site in a window of a size and with a theme."""
    page.set_viewport_size(look[0])
    page.emulate_media(color_scheme=look[1])
    page.goto(path.as_uri())


def complaints(page: Page) -> list[str]:
    """What axe finds, and whether the page is wider than the window."""
    found = Axe().run(page).response["violations"]
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return [f"{rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]] + ["wide"] * wide


@pytest.mark.parametrize(
    ("name", "look"), mostly_long([(name, look) for name in (NAME, "index") for look in LOOKS], [(NAME, LOOKS[1])])
)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(page, small_site, name, look):
    seen(page, small_site / f"{name}.html", look)
    page.locator("details").evaluate_all("all => all.forEach(one => (one.open = true))")
    page.screenshot(path=SCREENSHOTS / f"site_{name}_{look[0]['width']}_{look[1]}.png", full_page=True)
    assert complaints(page) == []


def test_buttons_and_arrow_keys_step_through_the_scenes(page, small_site):
    page.goto((small_site / f"{NAME}.html").as_uri())
    scenes, buttons = page.locator(".stage > figure"), page.locator(".buttons button")
    expect(scenes.locator("visible=true")).to_have_count(1)
    buttons.nth(3).click()
    expect(scenes.nth(1)).to_be_visible()
    expect(buttons.nth(3)).to_have_attribute("aria-current", "true")
    page.keyboard.press("ArrowRight")
    expect(scenes.nth(2)).to_be_visible()
    expect(scenes.nth(1)).to_be_hidden()
    for _ in range(9):
        page.keyboard.press("ArrowLeft")
    expect(scenes.first).to_be_visible()
    expect(buttons.first).to_be_disabled()


def test_a_slider_moves_by_keyboard_and_changes_picture_sentence_and_state(page, small_site):
    page.goto((small_site / f"{NAME}.html").as_uri())
    figure = page.locator(".stage > figure").first
    frames = sliders((small_site / f"{NAME}.html").read_text(encoding="utf-8"))[0]["frames"]
    figure.locator("input").press("ArrowRight")
    expect(figure.locator(".sentence")).to_have_text(frames[2]["sentence"])
    expect(figure.locator("picture img")).to_have_attribute("alt", frames[2]["sentence"])
    expect(figure.locator("code")).to_have_text(frames[2]["call"])
    over = figure.locator(".over")
    expect(over).to_have_attribute("src", frames[2]["narrow"])
    page.wait_for_function("over => over.complete && over.naturalWidth > 0", arg=over.element_handle())
    boxes = [image.bounding_box() for image in (over, figure.locator("picture img"))]
    assert boxes[0] == pytest.approx(boxes[1], abs=0.6)
    figure.locator("input").press("Home")
    figure.locator("input").press("ArrowRight")
    expect(over).to_be_hidden()


def test_a_link_to_a_scene_opens_it(page, small_site):
    page.goto(f"{(small_site / f'{NAME}.html').as_uri()}#scene-5")
    expect(page.locator("#scene-5")).to_be_visible()
    expect(page.locator("#scene-1")).to_be_hidden()


def test_without_scripts_every_scene_can_be_read(browser, small_site):
    context = browser.new_context(viewport=PHONE, java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto((small_site / f"{NAME}.html").as_uri())
    assert all(figure.is_visible() for figure in page.locator(".stage > figure").all())
    context.close()


def test_nothing_is_asked_but_of_the_folder(page, small_site):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((small_site / f"{NAME}.html").as_uri())
    for place in range(7):
        page.locator(".buttons button").nth(2 + place).click()
    page.wait_for_load_state("networkidle")
    assert len(asked) > 7
    assert [url for url in asked if not url.startswith((small_site.as_uri(), "data:"))] == []


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    required_browser(os.environ)
    folder = tmp_path_factory.mktemp("whole")
    write_site(folder)
    return folder


@pytest.mark.long
def test_the_whole_site_is_small_and_whole(whole):
    assert sum(path.stat().st_size for path in whole.rglob("*") if path.is_file()) < MEGABYTES * 1e6
    assert faults(whole) == []


@pytest.mark.long
@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_on_any_page(page, whole, look):
    for path in sorted(whole.glob("*.html")):
        seen(page, path, look)
        assert complaints(page) == [], path.name
