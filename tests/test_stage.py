"""A stage steps through scenes: each begins anew, in the explorer of its name, and the projector stays on."""

from typing import Any

import pytest
from counting import counting, saw, until
from random_states import opened, part, parts, pixels

from course import explorers, pages
from course.live.explorer import Explorer
from course.live.scene import Scene
from course.live.stage import Stage

ROWS = (
    Scene("Four layers", "sigmoid_chain", {}, "A note.", "first"),
    Scene("Deep & pinned", "sigmoid_chain", {"depth": 20, "pinned": {"depth": 4}}, "Is 4 < 20?", "first"),
    Scene("A slope", "sigmoid_slope", {"z": 5.0}, "Another note.", "second"),
    Scene("Four again", "sigmoid_chain", {}, "The last note.", "second"),
)


@pytest.fixture
def stage():
    return Stage(ROWS, opened)


def note(stage: Stage) -> str:
    return stage.children[1].value


def scene_buttons(stage: Stage) -> dict[str, bool]:
    """The titles on the row, and which of them is marked as the present one."""
    titles = {scene.title for scene in stage.scenes}
    row = [made for made in parts(stage.children[0]) if getattr(made, "description", None) in titles]
    return {made.description: "mod-active" in made._dom_classes for made in row}


def test_the_first_scene_is_the_explorers_own_beginning(stage):
    fresh = opened("sigmoid_chain")
    assert stage.scene == ROWS[0]
    assert (stage.explorer.state, pixels(stage.explorer.image)) == (fresh.state, pixels(fresh.image))
    assert stage.children[-1] is stage.explorer


@pytest.mark.parametrize("position", range(len(ROWS)))
def test_a_scene_is_its_state_on_top_of_the_defaults(position, stage):
    stage.go(position)
    scene = ROWS[position]
    fresh = opened(scene.explorer, **scene.state)
    assert stage.explorer.error is None
    assert (stage.explorer.state, stage.explorer.sentence) == (fresh.state, fresh.sentence)
    assert pixels(stage.explorer.image) == pixels(fresh.image)


def test_next_and_previous_stop_at_the_ends(stage):
    part(stage, "‹").click()
    assert stage.position == 0
    seen = []
    for _ in range(len(ROWS) + 1):
        seen.append(stage.position)
        part(stage, "›").click()
    assert seen == [0, 1, 2, 3, 3]
    stage.step(-100)
    assert stage.position == 0


def test_the_presenters_keys_step_from_whichever_explorer_is_on_the_stage(stage):
    for position in (1, 2, 3):
        stage.explorer.screen._handle_custom_msg({"kind": "scene", "step": 1}, [])
        assert stage.position == position
    stage.explorer.screen._handle_custom_msg({"kind": "scene", "step": -1}, [])
    assert stage.position == 2


def test_an_explorer_is_opened_once_a_name_and_only_when_it_is_needed():
    made = []

    def open_explorer(name: str, **state: Any) -> Explorer:
        made.append(name)
        return opened(name, **state)

    stage = Stage(ROWS, open_explorer)
    assert made == ["sigmoid_chain"]
    first = stage.explorer
    for position in (1, 2, 3, 2, 0):
        stage.go(position)
    assert made == ["sigmoid_chain", "sigmoid_slope"]
    assert stage.explorer is first


@pytest.mark.long
def test_a_scene_opened_again_is_the_same_whatever_was_done_in_between(stage):
    stage.go(1)
    state, image = stage.explorer.state, pixels(stage.explorer.image)
    stage.explorer.state = {"weight": -3.0, "input": 0.9, "pinned": {"depth": 7}}
    stage.go(3)
    assert stage.explorer.state == opened("sigmoid_chain").state
    stage.go(1)
    assert (stage.explorer.state, pixels(stage.explorer.image)) == (state, image)


@pytest.mark.long
def test_reset_goes_back_to_the_scene(stage):
    stage.go(1)
    state, image = stage.explorer.state, pixels(stage.explorer.image)
    stage.explorer.state = {"weight": -3.0, "pinned": None}
    part(stage, "Reset").click()
    assert (stage.explorer.state, pixels(stage.explorer.image)) == (state, image)


@pytest.mark.long
def test_the_projector_stays_when_another_explorer_comes_on(stage):
    part(stage, "Projector").value = True
    for position in (1, 2, 3, 0):
        stage.go(position)
        assert stage.explorer.state["projector"] is True
        assert "course-projector" in stage.explorer._dom_classes
    part(stage, "Projector").value = False
    stage.go(2)
    assert "projector" not in stage.explorer.state
    assert "course-projector" not in stage.explorer._dom_classes


def test_a_new_scene_ends_play(stage):
    stage.explorer.play()
    stage.go(2)
    stage.go(0)
    assert not stage.explorer.screen.playing


def test_a_run_rests_while_another_one_is_on_the_stage_and_goes_on_when_its_scene_is_back():
    made = {name: counting(size=100_000) for name in ("one", "two")}
    states = {"one": {"size": 100_000}, "two": {"size": 100_000}, "sigmoid_slope": {}}
    scenes = [Scene(name, name, state, "", "page") for name, state in states.items()]
    stage = Stage(scenes, lambda name, **state: made[name].explorer if name in made else opened(name, **state))
    one, two = (made[name].explorer for name in made)
    saw(one)
    until(lambda: one.running)
    stage.go(2)
    assert one.running  # nothing there needs the cores
    stage.go(1)
    until(lambda: not one.running)
    done = one.job.done
    saw(two)
    until(lambda: two.running and two.job.done > 2)
    assert one.job.done == done
    stage.go(0)
    until(lambda: one.job.done > done and not two.running)
    stage.go(1)
    one.stop()
    until(lambda: not one.running)
    stage.go(0)
    assert not one.running


def test_a_picture_that_is_seen_when_its_scene_has_gone_runs_when_the_scene_is_back():
    made = {name: counting(size=100_000) for name in ("one", "two")}
    stage = Stage([Scene(name, name, {}, "", "page") for name in made], lambda name, **_state: made[name].explorer)
    stage.go(1)
    one = made["one"].explorer
    saw(one)
    assert not one.running
    stage.go(0)
    until(lambda: one.job.done > 0)


def test_the_note_is_shown_while_it_is_wanted_and_written_as_text(stage):
    assert note(stage) == ""
    part(stage, "Notes").value = True
    assert "A note." in note(stage)
    stage.go(1)
    assert "Is 4 &lt; 20?" in note(stage)
    part(stage, "Notes").value = False
    assert note(stage) == ""


def test_the_row_has_the_scenes_of_the_page_and_marks_the_present_one(stage):
    assert scene_buttons(stage) == {"Four layers": True, "Deep & pinned": False}
    part(stage, "Deep & pinned").click()
    assert scene_buttons(stage) == {"Four layers": False, "Deep & pinned": True}
    part(stage, "page").value = "second"
    assert stage.position == 2
    assert scene_buttons(stage) == {"A slope": True, "Four again": False}
    stage.step(-1)
    assert part(stage, "page").value == "first"


def test_controls_that_a_scene_does_not_need_are_folded_away():
    needed = {1: {"depth", "weight"}, 3: {"input"}}
    rows = [scene._replace(controls=tuple(needed.get(place, ()))) for place, scene in enumerate(ROWS)]
    stage = Stage(rows, opened)
    for position in (1, 0, 3, 2):
        stage.go(position)
        controls = stage.explorer.controls
        folded = {name for name, control in controls.items() if "course-folded" in control._dom_classes}
        assert folded == set(controls) - needed.get(position, set(controls))


def test_a_scene_that_needs_a_control_of_another_picture_is_refused():
    with pytest.raises(ValueError, match="'colour' is no control of this picture"):
        Stage([ROWS[0]._replace(controls=("colour",))], opened)


def test_a_stage_of_one_page_offers_no_choice_of_pages():
    stage = explorers.stage(pages.topics()[1])
    assert "page" not in {getattr(made, "description", None) for made in parts(stage)}
    assert [scene.page for scene in stage.scenes] == [stage.scene.page] * len(stage.scenes)


def test_the_lab_has_every_page_and_every_scene():
    lab = explorers.lab()
    topics = dict.fromkeys(scene.page for scene in lab.scenes)
    assert list(part(lab, "page").options) == [(topic.replace("_", " "), topic) for topic in topics]
    assert lab.scenes == list(pages.all_scenes())
    assert lab.explorer.state == opened(lab.scenes[0].explorer, **lab.scenes[0].state).state


def test_a_page_without_scenes_is_refused_with_the_pages_there_are():
    with pytest.raises(ValueError, match=r"page must be one of start_here, .*, not 'nothing'"):
        explorers.stage("nothing")
