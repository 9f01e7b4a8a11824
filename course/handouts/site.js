// Scenes go one at a time, by button and arrow key; a slider goes through pictures that were drawn beforehand.

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function slider(figure) {
  const script = figure.querySelector("script");
  if (!script) return;
  const frames = JSON.parse(script.textContent);
  const source = figure.querySelector("source");
  const image = figure.querySelector("img");
  const [sentence, call] = [".sentence", "code"].map(part => figure.querySelector(`figcaption ${part}`));
  const begin = frames.findIndex(frame => frame.begin);
  const name = frames[0].label.split(" ")[0];
  const input = element("input", { type: "range", min: 0, max: frames.length - 1, value: begin, "aria-label": name });
  const output = element("output", {}, frames[begin].label);
  const show = () => {
    const frame = frames[input.value];
    for (const [picture, place, [url, width, height]] of [[source, "srcset", frame.narrow], [image, "src", frame.wide]]) {
      picture.setAttribute(place, url);
      picture.width = width;
      picture.height = height;
    }
    image.alt = sentence.textContent = frame.sentence;
    call.innerHTML = frame.call;
    output.textContent = frame.label;
    input.setAttribute("aria-valuetext", frame.label);
  };
  const fetchAll = () => {
    const narrow = matchMedia(source.media).matches;
    for (const frame of frames) new Image().src = (narrow ? frame.narrow : frame.wide)[0];
  };
  for (const event of ["pointerenter", "touchstart", "focus"]) input.addEventListener(event, fetchAll, { once: true, passive: true });
  input.addEventListener("input", show);
  input.setAttribute("aria-valuetext", frames[begin].label);
  figure.prepend(element("div", { class: "slider" }, input, output));
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
  stage.prepend(element("div", { class: "buttons", role: "group", "aria-label": "Scenes" }, before, ...scenes, after));
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
