"""Headings and prose use the field's words: those that a reader meets, and can search for, elsewhere."""

import re

import nbformat
import pytest

from course.pages import NOTEBOOKS, notebooks

README = NOTEBOOKS.parent / "README.md"
PAGES = notebooks()
WHOSE = r"(?:[Tt]he|[Aa]n?|[Tt]his|[Aa]nother|[Ee]ach|[Ee]very|[Nn]o|own|other|same|two|both|better|best|right|wrong)"
KIND = r"(?:good|random|constant|zero|standard|normalized|orthogonal|normal|uniform|Gaussian|suitable|\w+['’]s)"
UNIT = r"(?:units?|neurons?|networks?|layers?|ReLU|[Tt]anh|[Ss]igmoid|[Ee]lu|nodes?)"
BANNED = {
    "initialization, not “start”": (
        rf"\b(?:{WHOSE}|{KIND}) start\b(?! (?:of|at|with|from|to)\b)",
        rf"\b(?:{WHOSE}|{KIND}|[Tt]hese|[Aa]ll|of|[Tt]hree|[Ff]our|[Ff]ive) starts\b(?! (?:at|with|from|to|here)\b)",
    ),
    "output, not “answer” of a unit": (
        rf"\b{UNIT}(?:['’]s?)? (?:that )?answer(?:s|ed)?\b",
        rf"\banswers? of (?:the |a |an |each |its )?(?:last )?{UNIT}\b",
    ),
    "backward pass, forward pass": (r"\bway back\b", r"\bon (?:its|the|their) way (?:down|up|back|forward)\b"),
    "He initialization, not “He”": (
        r"(?<![A-Z]\. )(?<!Kaiming )\bHe\b(?!['’]| (?:initialization|and others|et al|uniform|normal|\(|[12]\d\d\d))",
    ),
    "on average over random initializations": (r"\bin the mean (?:over|of)\b",),
    "random draw, chance, variance, not “luck”": (r"\bluck of (?:a|one|its|the) (?:single )?draw\b", r"\bby luck\b"),
    "the ordered phase, the chaotic phase": (r"\b[Ii]n chaos\b", r"\bIn order (?!to\b|of\b|that\b)"),
    "exactly; to within 10 %": (r"\bto the last digit\b", r"\bup to a (?:tenth|third|half|fifth)\b"),
    "fix, not “mend”": (r"\b[Mm]end(?:s|ed|ing)?\b",),
    "paused and resumed": (r"\bgo(?:ne|es)? on with\b",),
}
"""What to write, and regular expressions for what stands in its place."""


def prose(markdown: str) -> str:
    """Return the text that is read: without code, formulas, addresses and the names of pages and scenes in links."""
    return re.sub(r"```.*?```|`[^`\n]*`|\$[^$]*\$|\]\([^)]*\)|<[^>]+>", " ", markdown, flags=re.DOTALL)


def texts() -> dict[str, str]:
    """Return all prose that is held to the list: pages by name, sections of the guide, the README."""
    guide = (NOTEBOOKS / "instructor.md").read_text(encoding="utf-8")
    sections = {part.partition(" ")[0]: part for part in re.split(r"^## ", guide, flags=re.MULTILINE)}
    found = {"README": README.read_text(encoding="utf-8")}
    for topic, name in PAGES.items():
        cells = nbformat.read(NOTEBOOKS / f"{name}.ipynb", 4).cells
        found[topic] = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    found |= {f"guide, {section}": text for section, text in sections.items()}
    return {where: prose(text) for where, text in found.items()}


TEXTS = texts()


def faults(text: str) -> list[str]:
    """Return every place of a text that has another word than the field's, with what to write."""
    return [
        f"{write}: …{text[max(0, found.start() - 40) : found.end() + 30]}…".replace("\n", " ")
        for write, patterns in BANNED.items()
        for pattern in patterns
        for found in re.finditer(pattern, text)
    ]


@pytest.mark.parametrize("where", TEXTS)
def test_headings_and_prose_have_the_words_of_the_field(where):
    assert faults(TEXTS[where]) == []


@pytest.mark.parametrize(
    "text",
    [
        *("A start belongs to its activation.", "the standard start", "Xavier's start", "two starts differ"),
        *("the network's answers", "a unit answers 0.5", "answers of the last layer", "a unit that answers 0"),
        *("the gradient on its way back", "what the way back needs", "With He, move the seed", "He keeps the signal"),
        *("in the mean over draws", "the luck of one draw", "In order both die.", "far in chaos", "In chaos it grows"),
        *("equal to the last digit", "as layer 20, up to a tenth", "Mend the line", "stopped and gone on with"),
    ],
)
def test_a_word_that_is_not_the_fields_is_found(text):
    assert faults(text)


@pytest.mark.parametrize(
    "text",
    [
        *("Units that start equal stay equal.", "Biases start at 0.", "at the start of a lesson", "a run starts"),
        *("the answer to exercise 2", "your answer", "K. He, X. Zhang", "He initialization", "named after Kaiming He"),
        *("He and others, 2015", "He's weights", "In order to compare", "I recommend", "each layer starts with"),
    ],
)
def test_proper_uses_are_left_alone(text):
    assert faults(text) == []
