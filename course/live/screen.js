// The explorer's picture in the page: shown without a flicker, named for screen readers, as sharp as the screen.

const PAUSE = 80; // milliseconds between two steps of Play, counted from the picture that is shown
const RECENT = 10_000; // a file goes only to the page whose explorer was touched within this time

const WIDEST = 1780; // a picture is no wider, in pixels of the page
const NARROWEST = 920; // nor is it drawn for less: a narrower page shows it smaller
const LOWEST = 260; // nor lower, nor higher than this share of its width
const HIGHEST = 0.65;
const SCROLL_BAR = 24; // a bar that comes and goes with the picture's height takes no more than this
const QUIET = 100; // milliseconds without another change after which the room is measured again

const SCENES = ".course-scenes button:not(.widget-toggle-button)";

function element(tag, className, attributes = {}) {
  const made = document.createElement(tag);
  made.className = className;
  Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
  return made;
}

function setAttribute(target, name, value) {
  if (target && target.getAttribute(name) !== value) target.setAttribute(name, value);
}

// Sliders and toggles of ipywidgets say neither their name nor their state; the label beside them does.
function nameControls(root, stage, readoutName) {
  // JupyterLab asks the focused element itself whether its keys are commands of the notebook, and no element above it.
  for (const held of stage.querySelectorAll("button, select, input, [tabindex]")) {
    setAttribute(held, "data-lm-suppress-shortcuts", "true");
  }
  for (const box of root.querySelectorAll(".widget-inline-hbox, .widget-toggle-buttons")) {
    const label = box.querySelector(".widget-label")?.textContent.trim();
    if (!label) continue;
    for (const handle of box.querySelectorAll(".noUi-handle")) {
      setAttribute(handle, "aria-label", label);
      const shown = box.querySelector(".widget-readout")?.textContent.trim();
      if (shown) setAttribute(handle, "aria-valuetext", shown);
    }
    const readout = box.querySelector(".widget-readout[contenteditable]");
    if (readout) {
      setAttribute(readout, "role", "textbox");
      setAttribute(readout, "aria-label", readoutName.replace("{label}", label));
    }
    if (box.classList.contains("widget-toggle-buttons")) {
      setAttribute(box, "role", "group");
      setAttribute(box, "aria-label", label);
    }
  }
  for (const scene of stage.querySelectorAll(SCENES)) {
    setAttribute(scene, "aria-current", String(scene.classList.contains("mod-active")));
    if (["‹", "›"].includes(scene.textContent.trim())) setAttribute(scene, "aria-label", scene.title);
  }
  for (const toggle of root.querySelectorAll("button.widget-toggle-button, .widget-toggle-buttons button")) {
    setAttribute(toggle, "aria-pressed", String(toggle.classList.contains("mod-active")));
  }
}

// Keys pressed inside the explorer belong to it, not to JupyterLab's notebook.
function adopt(root, stage, model) {
  setAttribute(root, "role", "group");
  setAttribute(root, "aria-label", model.get("title"));
  const readoutName = model.get("readout_name");
  nameControls(root, stage, readoutName);
  const watcher = new MutationObserver(() => {
    nameControls(root, stage, readoutName);
    if (stage.dataset.followed) stage.querySelector(`${SCENES}.mod-active`)?.focus();
  });
  const attributeFilter = ["class", "aria-valuetext"];
  watcher.observe(stage, { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter });
  return watcher;
}

function save(name, type, bytes) {
  const address = URL.createObjectURL(new Blob([bytes], { type }));
  const link = element("a", "", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), RECENT);
}

async function copy(text, field) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    field?.select(); // a page without a secure address has no clipboard: the reader copies what is marked
  }
}

// A point to drag: one place at a time goes to the kernel, the next when its picture is there, the last one always.
function makePlane(model, picture) {
  const plane = element("div", "course-plane", { "aria-hidden": "true" });
  let dragging = false;
  let wanted = null; // where the hand is, if the kernel has not been told yet
  let asked = 0; // the number of the place that the kernel was told last, 0 when it has answered

  const share = (value) => Math.min(Math.max(value, 0), 1);
  const ask = () => {
    if (asked || !wanted) return;
    asked = model.get("answered") + 1;
    model.send({ kind: "point", ...wanted, number: asked });
    wanted = null;
  };
  const answer = () => {
    if (!asked || model.get("answered") < asked) return;
    if (Number(picture.dataset.number) < model.get("number")) return; // its picture is still on its way to the screen
    asked = 0;
    ask();
  };
  const place = () => {
    const [left, top, width, height] = model.get("region");
    plane.hidden = width === undefined;
    const percent = { left, top, width, height };
    for (const [side, value] of Object.entries(percent)) plane.style[side] = `${100 * value}%`;
  };
  const drag = (event) => {
    if (!dragging) return;
    const box = plane.getBoundingClientRect();
    wanted = {
      across: share((event.clientX - box.left) / box.width),
      up: share((box.bottom - event.clientY) / box.height),
    };
    ask();
  };
  plane.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    dragging = true;
    plane.setPointerCapture(event.pointerId);
    drag(event);
  });
  plane.addEventListener("pointermove", drag);
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
    plane.addEventListener(end, () => {
      dragging = false;
    });
  }
  model.on("change:region", place);
  model.on("change:answered", answer);
  place();
  const remove = () => {
    model.off("change:region", place);
    model.off("change:answered", answer);
  };
  return { plane, shown: answer, remove };
}

// The room that the page has for a picture: all of its width, and of its height what the explorer's other parts leave.
// The line for failures and the row of what is seldom used count for nothing: the picture stays when they come and go.
function measureRoom(root, stage, screen, frame, sentence, heights) {
  const edge = (element, side) => element.getBoundingClientRect()[side];
  const panel = root.closest(".jp-WindowedPanel-outer")?.clientHeight ?? window.innerHeight;
  const width = Math.min(Math.max(root.clientWidth, NARROWEST), WIDEST);
  const seldom = root.querySelector(".course-seldom")?.offsetHeight ?? 0;
  const above = edge(screen, "top") - edge(stage, "top") - seldom;
  const below = edge(sentence, "bottom") - edge(frame, "bottom");
  const low = Math.max(LOWEST, Math.min(...heights.map(([least]) => least)));
  const tallest = Math.max(...heights.map(([, fixed, share]) => fixed + share * width));
  const high = Math.max(low, Math.min(tallest, HIGHEST * width));
  const scale = Math.min(root.clientWidth / width, 1);
  const height = Math.min(Math.max((panel - above - below - 2) / scale, low), high);
  return [Math.round(width), Math.round(height)];
}

// The sentence keeps the most lines that it has had in this width, so that the picture need not change its size again.
function keepLines(sentence) {
  if (sentence.dataset.width !== String(sentence.clientWidth)) sentence.style.minHeight = "";
  sentence.dataset.width = sentence.clientWidth;
  sentence.style.minHeight = `${sentence.offsetHeight}px`;
}

function render({ model, el }) {
  const failure = element("p", "course-failure", { role: "alert" });
  const picture = element("img", "course-picture");
  const sentence = element("p", "course-sentence", { "aria-live": "polite", "aria-atomic": "true" });
  const frame = element("div", "course-frame");
  const dragged = makePlane(model, picture);
  frame.append(picture, dragged.plane);
  el.append(failure, frame, sentence);
  let root = null;
  let stage = null; // the explorer and its row of scenes, or the explorer alone
  let watcher = null;
  let touched = 0;
  let playTimer = 0;
  let attachTimer = 0;
  let attachFrame = 0;
  let roomTimer = 0;
  let room = [0, 0]; // what was measured last

  const showImage = () => {
    const address = URL.createObjectURL(new Blob([model.get("image")], { type: "image/png" }));
    const number = model.get("number");
    const shown = () => {
      URL.revokeObjectURL(address);
      picture.dataset.number = number;
      if (model.get("width") === room[0]) frame.classList.remove("course-waiting");
      dragged.shown();
      play();
    };
    picture.addEventListener("load", shown, { once: true });
    picture.src = address;
    setAttribute(picture, "width", String(model.get("width")));
    setAttribute(picture, "height", String(model.get("height")));
    const early = frame.classList.contains("course-waiting") && model.get("width") !== room[0];
    if (!early) hold(model.get("width"), model.get("height")); // one drawn before the room was known is never seen
  };
  // The frame has its size before the picture of that size is there.
  const hold = (width, height) => {
    frame.style.width = `${width}px`;
    frame.style.aspectRatio = `${width} / ${height}`;
  };
  const findRoom = () => {
    setAttribute(frame, "aria-busy", "false");
    if (!root.clientWidth) return; // the page is not seen now
    keepLines(sentence);
    const found = measureRoom(root, stage, el, frame, sentence, model.get("heights"));
    const grown = found.map((side, at) => side - room[at]);
    if (grown.every((by) => by >= 0 && by <= SCROLL_BAR)) return;
    if (!room[0]) {
      hold(...found);
      frame.classList.add("course-waiting");
    }
    room = found;
    const ratio = Math.min(Math.max(window.devicePixelRatio, 1), 3);
    model.set("pixel_ratio", Math.max(ratio, model.get("pixel_ratio"))); // the sharpest screen's, if there are several
    model.set("room", room);
    model.save_changes();
  };
  const watchRoom = new ResizeObserver(() => {
    setAttribute(frame, "aria-busy", "true");
    clearTimeout(roomTimer);
    roomTimer = setTimeout(findRoom, QUIET);
  });
  const showSentence = () => {
    const words = model.get("sentence");
    setAttribute(picture, "alt", words);
    if (sentence.textContent !== words) sentence.textContent = words;
  };
  const showFailure = () => {
    failure.textContent = model.get("failure");
  };
  const play = () => {
    clearTimeout(playTimer);
    if (!model.get("playing")) return;
    playTimer = setTimeout(() => model.send({ kind: "step", number: model.get("number") }), PAUSE);
  };
  const answer = (message, buffers) => {
    if (!root || Date.now() - touched > RECENT) return;
    if (message.kind === "save") save(message.name, message.type, buffers[0]);
    if (message.kind === "copy") copy(message.text, root.querySelector(".course-seldom input"));
  };
  const touch = (event) => {
    touched = Date.now();
    const step = { ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1 }[event.key];
    if (step && event.target.closest(".course-scenes")) {
      event.preventDefault();
      stage.dataset.followed = "true"; // the focus goes along with the scene, until the reader goes elsewhere
      model.send({ kind: "scene", step });
    } else {
      delete stage.dataset.followed;
    }
  };
  const leave = (event) => { // a button that goes away leaves the focus to nobody
    if (event.relatedTarget && !stage.contains(event.relatedTarget)) delete stage.dataset.followed;
  };
  const attach = () => {
    clearTimeout(attachTimer);
    cancelAnimationFrame(attachFrame);
    root = el.closest(".course-explorer");
    if (!root?.clientWidth) { // the view is drawn before it is put into the page, and measured before it is seen
      attachTimer = setTimeout(attach, 50);
      attachFrame = requestAnimationFrame(attach);
      return;
    }
    stage = root.closest(".course-stage") ?? root;
    findRoom();
    for (const part of [stage, root.closest(".jp-WindowedPanel-outer") ?? document.documentElement]) {
      watchRoom.observe(part);
    }
    watcher = adopt(root, stage, model);
    stage.addEventListener("pointerdown", touch, true);
    stage.addEventListener("keydown", touch, true);
    stage.addEventListener("focusout", leave, true);
    play();
    model.send({ kind: "seen" });
  };

  const changes = { number: showImage, sentence: showSentence, failure: showFailure, playing: play };
  for (const [name, change] of Object.entries(changes)) {
    model.on(`change:${name}`, change);
    if (name !== "playing") change();
  }
  model.on("msg:custom", answer);
  attach();

  return () => {
    clearTimeout(playTimer);
    clearTimeout(attachTimer);
    cancelAnimationFrame(attachFrame);
    clearTimeout(roomTimer);
    watchRoom.disconnect();
    watcher?.disconnect();
    stage?.removeEventListener("pointerdown", touch, true);
    stage?.removeEventListener("keydown", touch, true);
    stage?.removeEventListener("focusout", leave, true);
    for (const [name, change] of Object.entries(changes)) model.off(`change:${name}`, change);
    model.off("msg:custom", answer);
    dragged.remove();
  };
}

export default { render };
