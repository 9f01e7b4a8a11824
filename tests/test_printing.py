"""The printed form of the pages: every picture with its words, every formula drawn, nothing that needs a network."""

import html
import re
from base64 import b64decode
from functools import cache, partial
from io import BytesIO

import pytest
from IPython.core.interactiveshell import InteractiveShell
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from PIL import Image
from random_states import mostly_long, opened
from test_running import Counting, counting

from course import explorers
from course.handouts import pages, printing
from course.handouts.printed import PIXEL_RATIO, Paper, use_paper
from course.handouts.typesetting import as_html, as_mathml, markdown_as_html
from course.live.predict import predict

NAMES = pages.names()
every_page = pytest.mark.parametrize("name", mostly_long(NAMES, ["03_variance_of_a_sum", "07_order_and_chaos"]))
PICTURE = re.compile(r'<img src="data:image/png;base64,([^"]+)" width="(\d+)" alt="([^"]+)">')
NOT_PROSE = re.compile(r"<style.*?</style>|<pre.*?</pre>|<code.*?</code>", flags=re.DOTALL)


@cache
def printed(name):
    """A page as HTML as it is printed, but for the outputs of its cells."""
    return as_html(pages.relinked_page(printing.readable(pages.read(name)), printing.placed(NAMES, ["claims.md"])))


@every_page
def test_every_formula_of_every_page_is_drawn_without_help_from_elsewhere(name):
    text = printed(name)
    prose = NOT_PROSE.sub("", text)
    assert "$" not in prose
    assert "\\" not in prose
    assert "<script" not in text
    assert not re.findall(r'(?:src|<link[^>]* href|@import|url)\s*[=(]\s*["\']?(?!data:)[^"\'>)]+', text)


@every_page
def test_every_printed_page_says_its_language_and_its_question(name):
    page = pages.read(name)
    question = page.cells[0].source.splitlines()[0].removeprefix("# ")
    text = printed(name)
    assert '<html lang="en">' in text
    assert f"<title>{html.escape(question, quote=False)}</title>" in text


@every_page
def test_links_between_pages_lead_to_printed_pages(name):
    links = re.findall(r'href="([^"#]+)"', printed(name))
    assert {link for link in links if "://" not in link} <= {f"{other}.html" for other in (*NAMES, "claims")}


@every_page
def test_on_paper_solutions_stand_at_the_end_and_nothing_waits_for_a_click_or_a_kernel(name):
    text = as_html(printing.on_paper(printing.readable(pages.read(name))))
    assert not re.findall(r"<details|NBVAL_CHECK|exercises\.check\(|exercises\.progress\(|href=\"(?!http)", text)
    exercises = [re.match(r"\*\*(\d+)\. ", cell.source) for cell in pages.read(name).cells]
    numbers = re.findall(r"Exercise (\d+)</h3>", text.split(">Solutions</h2>")[1])
    assert numbers == [exercise[1] for exercise in exercises if exercise]


TRICKY = {
    r"\frac{1}{2h}\int_{-h}^{h} u^2\, du": ("<mfrac>", "∫"),
    r"\text{erfc}\!\left(\frac{4}{\sqrt{2/3}}\right)": ("<mtext>erfc</mtext>", "<msqrt>"),
    r"\underbrace{a + b}_{c}": ("<munder>", "⏟"),
    r"\binom{n}{k}": ("<mfrac", "<mi>k</mi>"),
    r"\operatorname{Var} z": ("Var",),
    r"x \le y": ("≤",),
    r"\tanh 1": ('<mi>tanh</mi><mspace width="0.17em"/><mn>1</mn>',),
    r"\tanh^2 z": ("<msup><mi>tanh</mi><mn>2</mn></msup>",),
}


@pytest.mark.parametrize(("tex", "parts"), TRICKY.items(), ids=TRICKY)
def test_a_formula_keeps_its_parts(tex, parts):
    drawn = html.unescape(as_mathml(tex, display="block"))
    assert all(part in drawn for part in parts)
    assert 'display="block"' in drawn


def test_a_prime_is_no_smaller_than_it_can_be_seen():
    assert '<mo class="prime">&#x02032;</mo>' in as_mathml(r"\sigma'(z)", display="inline")


def test_code_is_no_formula():
    assert markdown_as_html("`$x$` and $x$").count("<math") == 1


def test_a_picture_has_its_sentence_as_caption_and_as_alternative_text_and_is_sharp():
    explorer = opened("sigmoid_chain")
    ((image, width, alt),) = PICTURE.findall(text := Paper().explorer(explorer))
    assert html.unescape(alt) == explorer.alt
    assert html.escape(explorer.sentence) in text.split("<figcaption>")[1]
    assert b64decode(image) == explorer.image
    assert Image.open(BytesIO(explorer.image)).width == PIXEL_RATIO * int(width)


def test_a_stage_names_its_scenes_and_shows_a_picture_once():
    stage = explorers.stage("sigmoid_saturation")
    paper = Paper()
    assert len(PICTURE.findall(text := paper.stage(stage))) == 1
    assert all(html.escape(part) in text for scene in stage.scenes for part in (scene.title, scene.note))
    assert PICTURE.findall(paper.explorer(stage.explorer)) == []


def test_a_prediction_shows_its_question_its_alternatives_and_then_the_picture():
    choices = ["It grows", "It is < 1"]
    text = Paper().prediction(predict("What & how?", choices, lambda: opened("sigmoid_slope")))
    parts = ["What &amp; how?", "It grows", "It is &lt; 1", "<figure", "<figcaption"]
    assert sorted(parts, key=text.index) == parts


def test_the_call_that_asks_is_not_printed_beside_its_question():
    cells = [
        new_markdown_cell("# How much?"),
        new_code_cell('predict("How much?", [])'),
        new_code_cell("predicted = 1"),
    ]
    text = as_html(new_notebook(cells=cells))
    assert ("predict(" in re.sub("<[^>]+>", "", text), "predicted" in text) == (False, True)


def test_a_run_that_takes_seconds_is_finished_and_a_longer_one_says_how_far_it_is():
    explorer = counting(size=3).explorer
    assert "Printed after" not in Paper().explorer(explorer)
    assert explorer.job.finished
    slow = counting(partial(Counting, pace=0.02), size=50).explorer
    text = Paper(patience=0.1).explorer(slow)
    assert f"Printed after {slow.job.done} of 50 steps." in text
    assert not slow.running


def test_in_a_shell_widgets_become_html_and_numbers_stay_numbers():
    shell = InteractiveShell()
    use_paper(shell, Paper())
    shown, _ = shell.display_formatter.format(opened("sigmoid_slope"))
    assert "<figure" in shown["text/html"]
    assert shell.display_formatter.format(3)[0] == {"text/plain": "3"}


def test_a_page_is_run_as_it_is_and_left_as_it_was():
    source = "# NBVAL_CHECK_OUTPUT\nprint(6 * 7)\nprint('now')"
    cells = [
        new_markdown_cell("# How much?"),
        new_code_cell(source),
        new_code_cell("exercises.progress('variance_of_a_sum')"),
    ]
    page = new_notebook(cells=cells)
    before = page.copy()
    run = printing.executed(printing.readable(page))
    assert page == before
    assert [cell.source for cell in run.cells] == ["# How much?", "print(6 * 7)\nprint('now')"]
    assert [output.text for output in run.cells[1].outputs] == ["42\nnow\n"]


def test_the_pages_own_folder_is_refused_before_anything_is_run(monkeypatch):
    monkeypatch.setattr(printing, "executed", lambda _page: pytest.fail("a page was run"))
    with pytest.raises(ValueError, match="choose a folder outside"):
        printing.print_pages(pages.FOLDER, ["03_variance_of_a_sum"], pdf=False)


def test_without_a_browser_the_pdf_is_refused_in_words(tmp_path, monkeypatch):
    monkeypatch.setattr(printing, "find_browser", lambda _environ: None)
    with pytest.raises(FileNotFoundError, match="--no-pdf"):
        printing.print_pages(tmp_path, ["03_variance_of_a_sum"])
