// Scenes go one at a time, by button and arrow key; a slider goes through pictures that were drawn beforehand.

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// Every picture of a slider but the first is what changes in that one, laid over it.
function slider(figure) {
  const script = figure.querySelector("script");
  if (!script) return;
  const { name, begin, frames } = JSON.parse(script.textContent);
  const picture = figure.querySelector("picture");
  const [image, source] = ["img", "source"].map(part => picture.querySelector(part));
  const [sentence, call] = [".sentence", "code"].map(part => figure.querySelector(`figcaption ${part}`));
  const input = element("input", { type: "range", min: 0, max: frames.length - 1, value: begin, "aria-label": name });
  const output = element("output");
  const over = element("img", { class: "over", alt: "" });
  const phone = matchMedia(source.media);
  const drawing = frame => (phone.matches ? frame.narrow : frame.wide);
  const show = () => {
    const frame = frames[input.value];
    over.hidden = !drawing(frame);
    if (drawing(frame)) over.src = drawing(frame);
    image.alt = sentence.textContent = frame.sentence;
    call.textContent = frame.call;
    output.textContent = frame.label;
    input.setAttribute("aria-valuetext", frame.label);
  };
  const fetchAll = () => frames.map(drawing).filter(Boolean).forEach(each => (new Image().src = each));
  for (const event of ["pointerenter", "focus"]) input.addEventListener(event, fetchAll, { once: true });
  input.addEventListener("input", show);
  phone.addEventListener("change", show);
  const drawn = element("div", { class: "drawn" });
  picture.replaceWith(drawn);
  drawn.append(picture, over);
  figure.prepend(element("div", { class: "slider" }, input, output));
  show();
}

function steps(stage) {
  const figures = [...stage.querySelectorAll(":scope > figure")];
  let present = 0;
  const go = place => {
    present = Math.min(Math.max(place, 0), figures.length - 1);
    figures.forEach((figure, at) => figure.classList.toggle("present", at === present));
    scenes.forEach((button, at) => button.setAttribute("aria-current", at === present));
    [before.disabled, after.disabled] = [present === 0, present === figures.length - 1];
    const next = figures[present + 1];
    if (next) next.querySelector("img").loading = "eager";
  };
  const button = (place, attributes, ...words) => {
    const made = element("button", { type: "button", ...attributes }, ...words);
    made.addEventListener("click", () => go(place()));
    return made;
  };
  const scenes = figures.map((figure, at) => {
    const title = figure.dataset.title;
    const words = [element("span", { class: "title" }, title), element("span", { class: "number" }, at + 1)];
    return button(() => at, { "aria-label": title, title }, ...words);
  });
  const before = button(() => present - 1, { "aria-label": "Previous scene" }, "‹");
  const after = button(() => present + 1, { "aria-label": "Next scene" }, "›");
  stage.classList.add("stepped");
  stage.prepend(element("div", { class: "buttons", role: "group", "aria-label": "Scenes" }, before, after, ...scenes));
  addEventListener("keydown", event => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const box = stage.getBoundingClientRect();
    const seen = box.top < innerHeight && box.bottom > 0;
    const elsewhere = event.target.closest?.("input, .wide, pre") || event.altKey || event.ctrlKey || event.metaKey;
    if (!step || !seen || elsewhere) return;
    event.preventDefault();
    go(present + step);
  });
  const follow = () => {
    const named = figures.findIndex(figure => `#${figure.id}` === location.hash);
    if (named >= 0) {
      go(named);
      stage.scrollIntoView();
    }
  };
  addEventListener("hashchange", follow);
  go(0);
  follow();
}

document.querySelectorAll("figure.picture").forEach(slider);
document.querySelectorAll(".stage").forEach(steps);

// What is wider than the screen can be moved sideways by keyboard too.
const findWide = () => {
  for (const part of document.querySelectorAll(".wide, pre")) {
    if (part.scrollWidth <= part.clientWidth || part.tabIndex === 0) continue;
    part.tabIndex = 0;
    part.setAttribute("role", "group");
    part.setAttribute("aria-label", part.dataset.name ?? "code");
  }
};
findWide();
addEventListener("resize", findWide);
addEventListener("toggle", findWide, true);

// Without a font made for formulas, as on many phones, browsers set exponents too high.
const MATH = ["Latin Modern Math", "STIX Two Math", "Cambria Math", "DejaVu Math TeX Gyre", "Noto Sans Math"];
const brush = document.createElement("canvas").getContext("2d");
const widthIn = font => {
  brush.font = `40px ${font}`;
  return brush.measureText("mwi∑∂").width;
};
const plain = MATH.every(font => widthIn(`"${font}", monospace`) === widthIn("monospace"));
document.documentElement.classList.toggle("plain-math", plain);
