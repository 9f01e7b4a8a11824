"""The site: every scene with its words, its sliders, and nothing that is missing or asked of another server."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
import yaml
from bs4 import BeautifulSoup
from PIL import Image
from random_states import opened
from small_site import NAME, faults, sliders, stage

from course import explorers
from course.handouts import pages, site
from course.handouts.__main__ import parser
from course.handouts.baked import PHONE_ROOM, Baked
from course.live.stage import Stage
from course.pages import all_scenes, scenes

MEGABYTES = 12


@pytest.fixture
def text(small_site) -> str:
    return (small_site / f"{NAME}.html").read_text(encoding="utf-8")


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGBA"), dtype=float)


def test_every_scene_has_the_explorers_words_and_its_picture_in_two_widths(text, small_site):
    figures, shown = BeautifulSoup(text, "html.parser").select("figure[id]"), stage()
    assert [figure["id"] for figure in figures] == [f"scene-{n}" for n in range(1, len(shown.scenes) + 1)]
    for position, figure in enumerate(figures):
        shown.go(position)
        explorer, scene, image = shown.explorer, shown.scene, figure.img
        assert (image["alt"], image["loading"], figure["data-title"]) == (explorer.alt, "lazy", scene.title)
        assert all(part in figure.figcaption.text for part in (scene.title, explorer.sentence, scene.note))
        state = re.fullmatch(r'explorers\.restore\("(.*)"\)', figure.code.text)[1]
        assert explorers.restore(state).state == explorer.state
        narrow = figure.source
        assert pixels(small_site / image["src"]).shape[:2] == (1.5 * int(image["height"]), 1.5 * int(image["width"]))
        assert pixels(small_site / narrow["srcset"]).shape[:2] == (2 * int(narrow["height"]), 2 * PHONE_ROOM[0])


def test_all_other_pictures_have_their_size_too(text):
    images = BeautifulSoup(text, "html.parser").select("img")
    assert len(images) >= len(stage().scenes)
    assert all(image.get("width") and image.get("height") and image.get("alt") for image in images)


def test_a_slider_lays_over_its_scene_what_is_different_at_each_value(text, small_site):
    slider, _ = sliders(text)
    explorer = opened("sigmoid_slope")
    ground = pixels(small_site / BeautifulSoup(text, "html.parser").select("figure[id] img")[0]["src"])
    assert slider["frames"][slider["begin"]]["wide"] == ""
    for frame, z in zip(slider["frames"], (0.0, 2.0, 3.0), strict=True):
        explorer.state = {"z": z}
        explorer.screen.pixel_ratio = 1.5
        assert (frame["sentence"], frame["label"]) == (explorer.sentence, f"z {z:.1f}")
        laid = pixels(small_site / frame["wide"]) if frame["wide"] else ground
        seen = np.where(laid[..., 3:] > 0, laid, ground)[..., :3]
        drawn = np.asarray(Image.open(io.BytesIO(explorer.image)).convert("RGB"), dtype=float)
        assert np.abs(seen - drawn).mean() < 1  # of 255: the file has fewer colours
        assert np.abs(seen - drawn).max() < 100


def test_every_link_leads_somewhere_and_nothing_is_asked_of_another_server(small_site):
    assert faults(small_site) == []


def test_a_link_to_nowhere_and_a_picture_of_another_server_are_found(tmp_path):
    links = (
        '<a href="gone.html"></a><a href="#here"></a><img src="https://example.org/x.png"><a href="https://a.b"></a>'
    )
    (tmp_path / "page.html").write_text(f'<p id="there"></p><a href="page.html#there"></a>{links}', encoding="utf-8")
    assert len(faults(tmp_path)) == 3


def test_the_whole_site_will_be_small(small_site):
    text = (small_site / f"{NAME}.html").stat().st_size
    pictures = sum(path.stat().st_size for path in (small_site / "pictures").iterdir())
    every_scene, here = len(all_scenes()), len(stage().scenes)
    assert len(pages.names()) * 1.5 * text + 1.5 * pictures * every_scene / here < MEGABYTES * 1e6


def test_exercises_say_that_they_are_only_read_and_how_to_open_them(text):
    after = text.split(">Exercises</h2>")[1]
    assert after.index("Here the exercises can only be read") < after.index("<details>")
    assert f"jupyter lab notebooks/{NAME}.ipynb" in after
    assert "exercises.check(" not in after


def test_the_first_page_leads_to_every_page_of_the_site():
    titles = {name: name.title() for name in pages.names()}
    text = "".join(cell.source for cell in site.index(titles, [Path("signal_propagation.html")]).cells)
    assert all(f"[{title}]({name}.html)" in text for name, title in titles.items())
    assert "(signal_propagation.html)" in text


def test_where_scenes_of_several_pages_are_it_leads_to_those_that_there_are():
    lab = Stage([*stage().scenes, *scenes("he")], opened)
    links = re.findall(r'<a href="(\S+)\.html#scene-(\d+)">', Baked([NAME]).stage(lab))
    assert links == [(NAME, str(number + 1)) for number in range(len(stage().scenes))]


def test_the_command_takes_a_folder_and_pages():
    asked = vars(parser().parse_args(["site", "out", "--pages", "xavier"]))
    assert asked == {"write": site.write_site, "folder": Path("out"), "wanted": ["xavier"]}


def test_the_workflow_puts_what_the_command_writes_on_github_pages():
    workflow = (pages.FOLDER.parent / ".github/workflows/site.yml").read_text(encoding="utf-8")
    steps = yaml.safe_load(workflow)["jobs"]["write"]["steps"]
    (command,) = (step["run"] for step in steps if "course.handouts" in step.get("run", ""))
    asked = parser().parse_args(command.split("course.handouts ")[1].split())
    (upload,) = (step["with"]["path"] for step in steps if "upload-pages-artifact" in step.get("uses", ""))
    assert (asked.write, str(asked.folder)) == (site.write_site, upload)
