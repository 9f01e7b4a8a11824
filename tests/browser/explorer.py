"""An explorer as the page shows it: its controls, its picture, its words. The only place that knows its elements."""

import re
from collections.abc import Iterator, Mapping, Sequence

from axe_playwright_python.sync_playwright import Axe
from lab import Tab
from playwright.sync_api import Locator, expect

EXPLORER, PICTURE, SENTENCE, FAILURE = ".course-explorer", ".course-picture", ".course-sentence", ".course-failure"
RUN = ".course-run"
SCENES, CONTROLS = (
    ".course-scenes",
    ".widget-gridbox :is(.noUi-handle, select, input[type=checkbox], .widget-toggle-buttons button)",
)
PREDICTION = "That is my prediction"
KEYS = {
    "slider": ("ArrowRight", "ArrowLeft", "End", "ArrowRight", "Home", "ArrowLeft", "PageUp"),
    "select-one": ("End", "Home", "ArrowDown", "ArrowUp"),
    "checkbox": ("Space", "Space"),
    "button": ("Enter",),
}
"""What is pressed on each kind of control: a step either way, both ends, and a step beyond each end."""
STEP = {"slider": ("End", "Home"), "select-one": ("End", "Home"), "checkbox": ("Space",), "button": ("Enter",)}
"""The least that moves each kind of control from anywhere."""
FAULTS = """async (root, [picture, sentence, failure]) => {
    await new Promise(requestAnimationFrame);
    const image = root.querySelector(picture);
    const failures = [...root.querySelectorAll(failure)].map(line => line.innerText).filter(text => text.trim());
    const faults = failures.map(text => `failure line: ${text}`);
    for (let frames = 0; image && !image.naturalWidth && frames < 60; frames++)
        await new Promise(requestAnimationFrame);
    if (!(image?.naturalWidth > 100)) faults.push("no picture");
    const words = root.querySelector(sentence)?.innerText;  // at the same moment as the text beside it
    if (!words || image?.alt !== words) faults.push(`alternative text ${image?.alt} beside the sentence ${words}`);
    return faults;
}"""
PIXELS = """async image => {
    for (let frames = 0; !image.naturalWidth && frames < 600; frames++) await new Promise(requestAnimationFrame);
    const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight), context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    const pixels = context.getImageData(0, 0, canvas.width, canvas.height).data;
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", pixels));
    return `${canvas.width}x${canvas.height} ${[...digest].map(byte => byte.toString(16).padStart(2, "0")).join("")}`;
}"""
FROM_KERNEL = """async base64 => {
    const image = new Image();
    image.src = `data:image/png;base64,${base64}`;
    await image.decode();
    return (PIXELS)(image);
}""".replace("PIXELS", PIXELS)


class Control:
    """One control of an explorer, held by the keyboard alone."""

    def __init__(self, element: Locator):
        self.element = element
        self.kind = element.evaluate("e => e.matches('.noUi-handle') ? 'slider' : e.type")

    @property
    def name(self) -> str:
        """What the label beside it says."""
        labelled = "e => e.closest(':has(> .widget-label)')?.querySelector('.widget-label').innerText"
        return self.element.evaluate(labelled)

    @property
    def value(self) -> str:
        """Where the control stands, as a screen reader tells it."""
        return self.element.evaluate("e => e.getAttribute('aria-valuetext') ?? `${e.checked ?? e.value}`")

    def press(self, key: str) -> None:
        """Bring the focus here and press a key."""
        self.element.focus()
        self.element.page.keyboard.press(key)


class ExplorerView:
    """An explorer in the page."""

    def __init__(self, tab: Tab, root: Locator):
        self.tab, self.root = tab, root

    def controls(self) -> list[Control]:
        """Return the controls in the order of the page."""
        return [Control(element) for element in self.root.locator(CONTROLS).all()]

    def control(self, name: str) -> Control:
        """Return the control that is labelled so."""
        return next(control for control in self.controls() if control.name == name)

    def press(self, button: str) -> None:
        """Press the button of this name by keyboard, and wait for the answer."""
        self.root.get_by_role("button", name=button, exact=True).press("Enter")
        self.tab.settle()

    def open_more(self) -> None:
        """Open the row of the buttons that are seldom used."""
        if self.root.get_by_role("button", name="More", exact=True, pressed=False).count():
            self.press("More")

    @property
    def runs(self) -> bool:
        """Whether the picture grows while a run goes on."""
        return self.root.locator(RUN).count() > 0

    @property
    def progress(self) -> str:
        """What the bar beside the Run button says."""
        return self.root.locator(RUN).inner_text()

    def wait_for_progress(self, word: str) -> None:
        """Wait until the bar says a word: running, stopped, done."""
        expect(self.root.locator(RUN)).to_contain_text(word)
        self.tab.settle()

    def keep_room_for_words(self) -> None:
        """Let the sentence have many lines from now on: the first time that it needs one more the picture gives way."""
        self.root.locator(".course-sentence").evaluate("sentence => { sentence.style.minHeight = '8em'; }")
        self.tab.page.wait_for_timeout(300)  # the room is measured when nothing has changed for a while
        self.tab.settle()

    def hold(self) -> None:
        """Start a run over and stop it at once, so that no control starts another and the picture stands still."""
        self.press("Run anew")
        self.press("Stop")
        expect(self.root.locator(RUN)).not_to_contain_text(re.compile("running|compiling"))

    @property
    def title(self) -> str:
        return self.root.get_attribute("aria-label")

    @property
    def picture(self) -> Locator:
        return self.root.locator(PICTURE)

    @property
    def sentence(self) -> str:
        return self.root.locator(SENTENCE).inner_text()

    @property
    def failure(self) -> str:
        """The red line, empty while all is well."""
        return self.root.locator(FAILURE).text_content()

    @property
    def state(self) -> str:
        """What the field of the state string holds."""
        self.open_more()
        return self.root.get_by_label("state").input_value()

    def pixels(self) -> str:
        """The picture's size, and a digest of its pixels."""
        return self.picture.evaluate(PIXELS)

    def faults(self) -> list[str]:
        """What is wrong with what is shown now: no picture, other words than the picture's, a failure."""
        return self.root.evaluate(FAULTS, [PICTURE, SENTENCE, FAILURE])


def explorers(tab: Tab) -> list[ExplorerView]:
    """Return the explorers that the page shows, from top to bottom."""
    return [ExplorerView(tab, root) for root in tab.page.locator(EXPLORER).all()]


def pixels_of(tab: Tab, image: str) -> str:
    """Digest a picture that the kernel holds, PNG in base64, as `ExplorerView.pixels` does with the shown one."""
    return tab.page.evaluate(FROM_KERNEL, image)


def accessible(tab: Tab) -> set[tuple[str, str]]:
    """Return the roles and names of all that the page's first explorer holds, as the browser tells a screen reader."""
    session = tab.page.context.new_cdp_session(tab.page)
    document = session.send("DOM.getDocument")["root"]["nodeId"]
    root = session.send("DOM.querySelector", {"nodeId": document, "selector": EXPLORER})["nodeId"]
    nodes = session.send("Accessibility.queryAXTree", {"nodeId": root})["nodes"]
    told = [node for node in nodes if not node["ignored"]]
    return {(node["role"]["value"], node.get("name", {}).get("value", "")) for node in told}


def grave_violations(tab: Tab) -> list[str]:
    """What axe-core calls critical or serious inside the explorers of the page."""
    found = Axe().run(tab.page, context={"include": [[EXPLORER]]}).response["violations"]
    grave = [violation for violation in found if violation["impact"] in {"critical", "serious"}]
    return [f"{rule['id']}: {node['html'][:200]}" for rule in grave for node in rule["nodes"]]


def open_predictions(tab: Tab) -> int:
    """Commit to the first alternative, to 10, or to the curve as it stands, by keyboard; say how many there were."""
    buttons = tab.page.get_by_role("button", name=PREDICTION)
    asked = buttons.count()
    for left in reversed(range(asked)):
        box = buttons.first.locator("xpath=ancestor::*[contains(@class, 'widget-vbox')][1]")
        for radio in box.get_by_role("radio").all()[:1]:
            radio.press("Space")
        for number in box.get_by_role("textbox").all():
            number.press_sequentially("10")
            number.press("Tab")
        expect(buttons.first).to_be_enabled()
        buttons.first.press("Enter")
        expect(buttons).to_have_count(left)
        tab.settle()
    return asked


def moves(view: ExplorerView, keys: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Press the keys of its kind on every control, from where the explorer began; give each after its answer."""
    for control in view.controls():
        for key in keys[control.kind]:
            control.press(key)
            view.tab.settle()
            yield control.name, key
        view.press("Reset")


def present_scene(row: Locator) -> Locator:
    """Return the button of the scene that is shown."""
    return row.locator("[aria-current=true]")


def scenes(tab: Tab, row: Locator) -> Iterator[str]:
    """Step through a row of scenes with the right arrow key until nothing follows, and give the title of each."""
    present, previous = present_scene(row), None
    present.focus()
    while (title := present.inner_text()) != previous:
        yield title
        previous = title
        tab.page.keyboard.press("ArrowRight")
        tab.settle()
