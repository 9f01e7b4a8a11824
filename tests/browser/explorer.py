"""An explorer as the page shows it: its controls, its picture, its words. The only place that knows its elements."""

from collections.abc import Iterator

from lab import Tab
from playwright.sync_api import Locator, expect

ROOT_SELECTOR = ".course-explorer, .widget-vbox:has(> .widget-gridbox)"
PICTURE, SENTENCE, FAILURE = "img.course-picture, .widget-html img[alt]", ".course-sentence, p", "[role=alert]"
CONTROLS = ".noUi-handle, select, input[type=radio]:checked, input[type=checkbox]"
PREDICTION = "That is my prediction"
KEYS = {
    "slider": ("ArrowRight", "ArrowLeft", "End", "ArrowRight", "Home", "ArrowLeft", "PageUp"),
    "select": ("End", "Home", "ArrowDown", "ArrowUp"),
    "radio": ("ArrowDown", "ArrowDown", "ArrowUp"),
    "checkbox": ("Space", "Space"),
}
"""What is pressed on each kind of control: a step either way, both ends, and a step beyond each end."""


FAULTS = """async (root, [picture, sentence, failure]) => {
    const image = root.querySelector(picture), words = [...root.querySelectorAll(sentence)].at(-1)?.innerText;
    const failures = [...root.querySelectorAll(failure)].map(line => line.innerText).filter(text => text.trim());
    const faults = failures.map(text => `failure line: ${text}`);
    const shown = await image?.decode().then(() => image.naturalWidth > 100, () => false);
    if (!shown) faults.push("no picture");
    if (!words || image?.alt !== words) faults.push(`alternative text ${image?.alt} beside the sentence ${words}`);
    return faults;
}"""


class Control:
    """One control of an explorer, held by the keyboard alone."""

    def __init__(self, element: Locator):
        self.element = element
        self.kind = element.evaluate("e => e.matches('.noUi-handle') ? 'slider' : e.type?.split('-')[0] ?? ''")

    @property
    def name(self) -> str:
        """What the label beside it says."""
        return self.element.evaluate(
            "e => e.closest(':has(> .widget-label)')?.querySelector('.widget-label').innerText"
        )

    @property
    def value(self) -> str:
        """Where the control stands, as the page has it."""
        return self.element.evaluate(
            "e => e.getAttribute('aria-valuetext') ?? (e.type === 'checkbox' ? `${e.checked}` : e.value)"
        )

    def press(self, key: str) -> None:
        """Bring the focus here and press a key."""
        self.element.focus()
        self.element.page.keyboard.press(key)


class ExplorerView:
    """An explorer in the page."""

    def __init__(self, tab: Tab, root: Locator):
        self.tab, self.root = tab, root

    def controls(self) -> list[Control]:
        """Give the controls in the order of the page."""
        return [Control(element) for element in self.root.locator(CONTROLS).all()]

    def control(self, name: str) -> Control:
        """Give the control that is labelled so."""
        return next(control for control in self.controls() if control.name == name)

    @property
    def title(self) -> str:
        return self.root.locator("b").first.inner_text()

    @property
    def picture(self) -> Locator:
        return self.root.locator(PICTURE).first

    @property
    def source(self) -> str:
        """The picture itself, as the page holds it."""
        return self.picture.get_attribute("src")

    @property
    def sentence(self) -> str:
        return self.root.locator(SENTENCE).last.inner_text()

    def faults(self) -> list[str]:
        """What is wrong with what is shown now: no picture, other words than the picture's, a failure."""
        return self.root.evaluate(FAULTS, [PICTURE, SENTENCE, FAILURE])


def explorers(tab: Tab) -> list[ExplorerView]:
    """Give the explorers that the page shows, from top to bottom."""
    return [ExplorerView(tab, root) for root in tab.page.locator(ROOT_SELECTOR).all()]


def open_predictions(tab: Tab) -> int:
    """Commit to the first alternative of every prediction, by keyboard, and say how many there were."""
    buttons = tab.page.get_by_role("button", name=PREDICTION)
    asked = buttons.count()
    for left in reversed(range(asked)):
        box = buttons.first.locator("xpath=ancestor::*[contains(@class, 'widget-vbox')][1]")
        box.get_by_role("radio").first.press("Space")
        expect(buttons.first).to_be_enabled()
        buttons.first.press("Enter")
        expect(buttons).to_have_count(left)
        tab.settle()
    return asked


def moves(view: ExplorerView) -> Iterator[tuple[str, str]]:
    """Move every control by keyboard, and give its name and the key after each answer."""
    for control in view.controls():
        for key in KEYS[control.kind]:
            control.press(key)
            view.tab.settle()
            yield control.name, key
