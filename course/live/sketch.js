// A curve of a few points that can be moved up and down: by mouse, by touch, and with the arrow keys.
const WIDTH = 520, HEIGHT = 240, LEFT = 74, RIGHT = 16, TOP = 12, BOTTOM = 40, SVG = "http://www.w3.org/2000/svg";

function add(parent, name, attributes, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  parent.append(element);
  return element;
}

function render({ model, el }) {
  const [low, high] = model.get("range"), places = model.get("places"), words = model.get("words"), log = model.get("logarithmic");
  const x = k => LEFT + ((WIDTH - LEFT - RIGHT) * (places[k] - places[0])) / (places.at(-1) - places[0]);
  const y = level => TOP + (HEIGHT - TOP - BOTTOM) * (1 - (level - low) / (high - low));
  const plain = level => (!log ? String(+level.toFixed(2)) : Math.abs(level) < 2 ? String(+(10 ** level).toPrecision(2)) : "");
  const raised = level => String(+level.toFixed(1)).replace(/./g, sign => "⁰¹²³⁴⁵⁶⁷⁸⁹⁻·"["0123456789-.".indexOf(sign)]);
  const written = level => plain(level) || `10${raised(level)}`;
  const said = level => plain(level) || words.power.replace("{exponent}", +level.toFixed(1));
  const svg = add(el, "svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "course-sketch", role: "group",
                               "aria-label": model.get("title") });
  const ticks = 4;
  for (let k = 0; k <= ticks; k++) {
    const level = low + ((high - low) * k) / ticks;
    add(svg, "line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(level), y2: y(level), class: "grid" });
    add(svg, "text", { x: LEFT - 8, y: y(level) + 4, "text-anchor": "end" }, written(level));
  }
  places.forEach((place, k) => add(svg, "text", { x: x(k), y: HEIGHT - 20, "text-anchor": "middle" }, place));
  add(svg, "text", { x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 3, "text-anchor": "middle" }, words.layer);
  const line = add(svg, "polyline", { class: "line" });
  const handles = places.map((place, k) => {
    const handle = add(svg, "circle", { r: 9, class: "handle", tabindex: 0, role: "slider",
      "aria-label": words.place.replace("{place}", place), "aria-orientation": "vertical", "aria-valuemin": low, "aria-valuemax": high });
    const move = level => {
      const levels = [...model.get("levels")];
      levels[k] = Math.min(high, Math.max(low, level));
      model.set("levels", levels);
      model.save_changes();
    };
    const step = (high - low) / 40;
    const steps = { ArrowUp: step, ArrowRight: step, ArrowDown: -step, ArrowLeft: -step, PageUp: 5 * step,
                    PageDown: -5 * step, Home: -Infinity, End: Infinity };
    handle.addEventListener("keydown", event => {
      if (!(event.key in steps)) return;
      event.preventDefault();
      event.stopPropagation();
      move(model.get("levels")[k] + steps[event.key]);
    });
    handle.addEventListener("pointerdown", event => {
      handle.setPointerCapture(event.pointerId);
      handle.focus();
      event.preventDefault();
    });
    handle.addEventListener("pointermove", event => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      const box = svg.getBoundingClientRect();
      const up = 1 - (((event.clientY - box.top) * HEIGHT) / box.height - TOP) / (HEIGHT - TOP - BOTTOM);
      move(low + (high - low) * up);
    });
    return handle;
  });
  const draw = () => {
    const levels = model.get("levels");
    line.setAttribute("points", levels.map((level, k) => `${x(k)},${y(level)}`).join(" "));
    handles.forEach((handle, k) => {
      handle.setAttribute("cx", x(k));
      handle.setAttribute("cy", y(levels[k]));
      handle.setAttribute("aria-valuenow", levels[k]);
      handle.setAttribute("aria-valuetext", said(levels[k]));
    });
  };
  model.on("change:levels", draw);
  draw();
  return () => model.off("change:levels", draw);
}

export default { render };
