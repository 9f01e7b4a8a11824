"""A picture that grows: it runs in a thread, stops, goes on, is kept, fails in words, and leaves no thread behind."""

import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from counting import Counting, counting, ended, saw, until
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.mathtext import MathTextParser

from course.live.canvas import Canvas, Frame
from course.live.progress import Progress
from course.live.running import KEPT_JOBS
from course.pages.training.training_race import training_race
from course.style import course_style


def button(explorer):
    """What the button says, and whether it can be pressed."""
    return explorer._run_button.description, not explorer._run_button.disabled


def word(explorer):
    """The word on the bar."""
    return explorer._progress.bar.description


def slow(size, seed):
    """A job that takes 2 ms a step."""
    return Counting(size, seed, pace=0.002)


def test_it_opens_without_running():
    opened = counting()
    assert not opened.explorer.running
    assert opened.jobs[0].done == 0
    assert opened.explorer.sentence == "0 of 5 seen from 1"
    assert button(opened.explorer) == ("Run", True)
    assert word(opened.explorer) == "not started"


def test_a_run_goes_to_its_end_in_a_thread_of_its_own():
    opened = counting()
    opened.explorer.run()
    ended(opened.explorer)
    assert opened.explorer.sentence == "5 of 5 seen from 1"
    assert opened.explorer.error is None
    assert threading.main_thread() not in opened.jobs[0].threads
    until(lambda: (word(opened.explorer), button(opened.explorer)) == ("done", ("Run", False)))
    opened.explorer.run()
    assert not opened.explorer.running


def test_seeing_the_picture_starts_the_run_once():
    opened = counting(slow, size=1000)
    saw(opened.explorer)
    until(lambda: opened.jobs[0].done > 2)
    opened.explorer.stop()
    saw(opened.explorer)
    ended(opened.explorer)
    assert opened.jobs[0].done < 1000


def test_stop_ends_the_run_within_one_piece_keeps_what_was_computed_and_run_goes_on():
    opened = counting(slow, size=400)
    explorer, (job,) = opened.explorer, opened.jobs
    explorer.run()
    until(lambda: job.done > 2)
    assert button(explorer) == ("Stop", True)
    before, started = job.done, time.monotonic()
    explorer.stop()
    ended(explorer)
    print(f"stopped after {time.monotonic() - started:.3f} s")
    assert time.monotonic() - started < 5
    assert before <= job.done < 400
    until(lambda: (word(explorer), button(explorer)) == (f"stopped at {job.done}", ("Run", True)))
    assert explorer.sentence == f"{job.done} of 400 seen from 1"
    explorer.run()
    ended(explorer)
    assert opened.jobs == [job]
    assert job.done == 400


def test_the_button_runs_and_stops():
    opened = counting(slow, size=1000)
    opened.explorer._run_button.value = True
    until(lambda: opened.jobs[0].done > 2)
    opened.explorer._run_button.value = False
    ended(opened.explorer)
    assert 2 < opened.jobs[0].done < 1000


def test_run_pressed_again_before_the_stop_has_come_through_is_not_lost():
    opened = counting()
    (job,) = opened.jobs
    job.gate.clear()
    opened.explorer.run()
    opened.explorer.stop()  # the thread is inside a piece of work, and has not seen it yet
    opened.explorer.run()
    assert button(opened.explorer) == ("Stop", True)
    job.gate.set()
    ended(opened.explorer)
    assert job.finished


def test_a_moved_control_has_a_run_of_its_own_and_going_back_shows_what_was_computed():
    opened = counting()
    explorer = opened.explorer
    explorer.run()
    ended(explorer)
    explorer.controls["seed"].value = 3
    ended(explorer)
    assert [(job.seed, job.done) for job in opened.jobs] == [(0, 5), (3, 5)]
    explorer.controls["seed"].value = 0
    assert explorer.sentence == "5 of 5 seen from 1"
    assert len(opened.jobs) == 2
    assert not explorer.running


def test_a_control_moved_while_a_run_goes_on_takes_the_run_with_it():
    opened = counting(slow, size=1000)
    explorer = opened.explorer
    explorer.run()
    until(lambda: opened.jobs[0].done > 2)
    explorer.controls["seed"].value = 3
    until(lambda: opened.jobs[1].done > 2)
    explorer.stop()
    ended(explorer)
    assert opened.jobs[0].done < 1000
    explorer.controls["seed"].value = 0
    assert explorer.sentence == f"{opened.jobs[0].done} of 1000 seen from 1"
    assert not explorer.running


def test_before_the_first_run_and_after_a_stop_moved_controls_start_nothing():
    opened = counting()
    opened.explorer.controls["seed"].value = 1
    opened.explorer.run()
    ended(opened.explorer)
    opened.explorer.stop()
    opened.explorer.controls["seed"].value = 2
    assert not opened.explorer.running
    assert [job.done for job in opened.jobs] == [0, 5, 0]


def test_a_view_chooses_what_is_shown_and_not_which_job():
    opened = counting(slow, size=1000)
    explorer = opened.explorer
    explorer.run()
    until(lambda: opened.jobs[0].done > 2)
    for view in (2, 3, 4):
        explorer.controls["view"].value = view
    explorer.stop()
    ended(explorer)
    assert len(opened.jobs) == 1
    assert explorer.sentence.endswith("seen from 4")


def test_finish_goes_to_the_end_before_it_returns():
    opened = counting(slow, size=50)
    opened.explorer.finish()
    assert (opened.jobs[0].done, opened.explorer.sentence) == (50, "50 of 50 seen from 1")
    again = counting(slow, size=50)
    again.explorer.run()
    again.explorer.finish()
    assert again.jobs[0].done == 50
    assert not again.explorer.running


def test_run_anew_starts_over():
    opened = counting()
    opened.explorer.finish()
    opened.explorer.run_anew()
    ended(opened.explorer)
    assert [job.done for job in opened.jobs] == [5, 5]
    assert opened.explorer.sentence == "5 of 5 seen from 1"


def test_a_failure_of_the_run_is_a_red_line_loses_nothing_and_can_be_tried_again():
    opened = counting(lambda size, seed: Counting(size, seed, fails_at=3))
    explorer = opened.explorer
    explorer.run()
    ended(explorer)
    until(lambda: button(explorer) == ("Run", True))
    assert explorer.error == explorer.screen.failure == "This run failed: the third wheel came off"
    assert isinstance(explorer.exception, ArithmeticError)
    assert explorer.sentence == "3 of 5 seen from 1"
    assert explorer.image.startswith(b"\x89PNG")
    explorer.run()
    ended(explorer)
    assert explorer.sentence == "5 of 5 seen from 1"
    assert explorer.error is None


def test_finish_raises_the_failure_of_a_run():
    opened = counting(lambda size, seed: Counting(size, seed, fails_at=3))
    with pytest.raises(ArithmeticError, match="third wheel"):
        opened.explorer.finish()


def refusing(size, seed):
    """A job for every seed but 7, for which there is none."""
    if seed == 7:
        raise ValueError("seed is 7; allowed is any other")
    return slow(size, seed)


def test_settings_that_have_no_job_are_a_red_line_also_while_a_run_goes_on():
    opened = counting(refusing, size=300)
    explorer = opened.explorer
    explorer.run()
    until(lambda: opened.jobs[0].done > 2)
    explorer.controls["seed"].value = 7
    ended(explorer)
    until(lambda: explorer._run_button.description == "Run")
    assert "seed is 7; allowed is any other" in explorer.error
    assert explorer.sentence.endswith("of 300 seen from 1")
    explorer.run()
    assert "seed is 7; allowed is any other" in explorer.error
    explorer.controls["seed"].value = 0
    assert explorer.error is None
    explorer.run()
    ended(explorer)
    assert explorer.sentence == "300 of 300 seen from 1"


def test_a_picture_that_fails_is_a_red_line_with_the_last_good_picture_kept():
    with course_style():
        figure = Figure(figsize=(2, 1))
        figure.add_subplot(figure.add_gridspec(1, 1)[0])
    canvas = Canvas(figure, [])

    def draw(job, **_settings):
        if job.done == job.total:
            raise ArithmeticError("no ink left")
        return Frame(canvas.render(), f"{job.done} done", {"done": np.array([job.done])})

    explorer = counting(show=draw).explorer
    explorer.run()
    ended(explorer)
    assert explorer.error == "This setting could not be drawn: no ink left"
    assert explorer.sentence == "4 done"


def test_two_explorers_run_at_once():
    both = [counting(slow, size=60, seed=seed) for seed in (1, 2)]
    for opened in both:
        opened.explorer.run()
    for opened in both:
        ended(opened.explorer)
        assert [job.done for job in opened.jobs] == [60]
    assert not both[0].jobs[0].threads & both[1].jobs[0].threads


def test_settings_that_were_computed_outlive_those_that_a_slider_passed_over():
    opened = counting()
    opened.explorer.finish()
    for seed in range(1, 3 * KEPT_JOBS):
        opened.explorer.controls["seed"].value = seed
    opened.explorer.controls["seed"].value = 0
    assert opened.explorer.sentence == "5 of 5 seen from 1"
    assert len(opened.jobs) == 3 * KEPT_JOBS


def test_only_the_last_of_many_computed_settings_are_kept():
    opened = counting()
    for seed in range(KEPT_JOBS + 1):
        opened.explorer.controls["seed"].value = seed
        opened.explorer.finish()
    begun = len(opened.jobs)
    opened.explorer.controls["seed"].value = 1
    assert (opened.explorer.sentence, len(opened.jobs)) == ("5 of 5 seen from 1", begun)
    opened.explorer.controls["seed"].value = 0
    assert (opened.explorer.sentence, len(opened.jobs)) == ("0 of 5 seen from 1", begun + 1)


def test_the_bar_says_compiling_until_the_first_step_and_then_running():
    opened, words = counting(size=3), []
    (job,) = opened.jobs
    advance = job.advance

    def listening(seconds):
        words.append((word(opened.explorer), opened.explorer._progress.bar.value))
        advance(seconds)

    job.advance = listening
    opened.explorer.run()
    until(lambda: word(opened.explorer) == "done")
    assert words == [("compiling", 0), ("running", 1), ("running", 2)]
    assert opened.explorer._progress.bar.value == opened.explorer._progress.bar.max == 3


def test_the_bar_says_how_long_a_run_has_taken_and_will_still_take(monkeypatch):
    clock = iter([100.0, 100.0, 160.0, 500.0, 500.0])
    monkeypatch.setattr("course.live.progress.time.monotonic", lambda: next(clock))
    progress, job = Progress(), Counting(30, seed=0)
    progress.show(job, "compiling", running=True)
    assert (progress.count.value, progress.times.value) == ("0 of 30", "0:00 gone")
    job.done = 10
    progress.show(job, "running", running=True)
    assert (progress.count.value, progress.times.value) == ("10 of 30", "1:00 gone, 2:00 to go, 0.17 a second")
    progress.show(job, "stopped at 10", running=False)
    assert progress.times.value == "1:00 gone, 2:00 to go, 0.17 a second"
    progress.begin()  # the time between two runs is not that of either
    progress.show(job, "running", running=True)
    assert progress.times.value == "0:00 gone"


@pytest.mark.long
def test_the_race_runs_stops_and_ends_where_it_would_have_ended():
    settings = {"line_up": "Xavier and He", "depth": 2, "steps": 300}
    stopped, straight = training_race(**settings), training_race(**settings)
    straight.finish()
    saw(stopped)
    until(lambda: stopped.job.done > 0 or stopped.error)
    stopped.stop()
    ended(stopped)
    assert 0 < stopped.job.done <= 300
    assert f"After {stopped.table['step'][-1]} of 300 steps" in stopped.sentence
    stopped.run()
    ended(stopped)
    assert stopped.error is None
    assert stopped.sentence == straight.sentence
    assert stopped.image == straight.image
    for title, column in straight.table.items():
        np.testing.assert_array_equal(stopped.table[title], column)


LEAVING = """
import time
from course.pages.training.training_race import training_race
race = training_race(depth=2, line_up="Xavier and He", steps=3000)
race.run()
while race.job.done < {after}:
    time.sleep(0.01)
"""


@pytest.mark.parametrize(
    "after", [pytest.param(0, marks=pytest.mark.long), 1], ids=["while it compiles", "while it runs"]
)
def test_an_interpreter_that_ends_during_a_run_ends_quietly(after):
    done = subprocess.run([sys.executable, "-c", LEAVING.format(after=after)], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_what_waits_for_the_whole_picture_is_called_once_at_the_end_with_the_numbers_of_its_settings():
    explorer = counting(size=5).explorer
    heard = []
    explorer.on_complete(lambda table: heard.append(table["done"][0]))
    assert heard == []
    explorer.finish()
    assert heard == [5]
    explorer.controls["view"].value = 3
    explorer.run_anew()
    explorer.finish()
    assert heard == [5]


def test_what_waits_is_called_at_once_where_the_run_has_ended_before():
    explorer = counting(size=5).explorer
    explorer.finish()
    heard = []
    explorer.on_complete(lambda table: heard.append(table["done"][0]))
    assert heard == [5]


def test_what_waits_is_called_when_its_settings_are_shown_again_and_not_for_others():
    explorer = counting(size=5).explorer
    heard = []
    explorer.on_complete(lambda table: heard.append(table["done"][0]))
    explorer.controls["size"].value = 3
    explorer.finish()
    assert heard == []
    explorer.controls["size"].value = 5
    explorer.finish()
    assert heard == [5]


def test_what_waits_sees_its_own_view_whatever_is_in_view_and_that_stays():
    def show(job, view, **_settings):
        return Frame(b"", f"seen from {view}", {"view": np.array([view])})

    explorer = counting(show=show).explorer
    heard = []
    explorer.on_complete(lambda table: heard.append(table["view"][0]))
    explorer.controls["view"].value = 7
    explorer.finish()
    assert heard == [1]
    assert explorer.sentence == "seen from 7"


def test_a_job_that_another_picture_brings_to_its_end_is_shown_whole_in_both():
    jobs = {}

    def shared(size, seed):
        return jobs.setdefault((size, seed), Counting(size, seed))

    first, second = counting(begin=shared).explorer, counting(begin=shared).explorer
    heard = []
    first.on_complete(lambda table: heard.append(table["done"][0]))
    second.finish()
    first._wanted = True
    first._work()
    assert (heard, first.sentence) == ([5], "5 of 5 seen from 1")


def test_a_formula_in_a_cell_is_whole_while_a_run_sets_others():
    counting()
    parser, failed = MathTextParser("agg"), []

    def set_formulas(place):
        try:
            for power in range(50):
                parser.parse(f"$10^{{-{power}}}$ {place}", 100, FontProperties())
        except ValueError as error:
            failed.append(error)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    threads = [threading.Thread(target=set_formulas, args=(place,)) for place in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.setswitchinterval(interval)
    assert failed == []
