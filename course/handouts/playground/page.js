// The main explorer without Python: what the tables and the words say comes from the course as GIVEN, what is measured
// from the engine; here stands what decides.
"use strict";

const GIVEN = JSON.parse(document.getElementById("given").textContent);
const BATCH = GIVEN.batch;
const STATISTICS = [
  "preactivation_variance",
  "activation_mean",
  "activation_rms",
  "saturated_share",
  "dead_share",
  "preactivation_gradient_variance",
  "weight_gradient_variance",
]; // in the engine's order
const CURVES = ["forward", "gradient", "weight_gradient"];
const SLICE = 60; // milliseconds of work before the page may answer to the hand
const $ = (id) => document.getElementById(id);

// ---- Words, as in course.explorers.signals

function number(value) {
  if (!Number.isFinite(value)) return GIVEN.words.infinite;
  if (value === 0) return "0";
  if (Math.abs(value) < 0.001 || Math.abs(value) >= 10_000) return scientific(value);
  if (Math.abs(value) >= 100) return value.toFixed(0);
  const short = Number(value.toPrecision(2));
  return short >= 100 ? scientific(short).replace(".0", "") : String(short);
}

const scientific = (value) => value.toExponential(1).replace(/e([+-])(\d)$/, "e$10$2");

function percent(share) {
  const whole = Math.floor(share * 100);
  const rest = share * 100 - whole;
  return `${rest > 0.5 || (rest === 0.5 && whole % 2) ? whole + 1 : whole}%`; // halves go to the even number
}

const say = (text, fields) => text.replace(/\{(\w+)(:[^}]*)?\}/g, (_, name) => fields[name]);

function verdict(ratio) {
  const [exploding, growing, kept, shrinking, vanishing] = GIVEN.verdicts;
  if (ratio > GIVEN.kept ** 3) return exploding;
  if (ratio > GIVEN.kept) return growing;
  if (ratio >= 1 / GIVEN.kept) return kept;
  return ratio >= 1 / GIVEN.kept ** 3 ? shrinking : vanishing;
}

function ratioWords(text, ratio, predicted, place) {
  const theory = Number.isNaN(predicted) ? "" : say(GIVEN.words.said_by_theory, { value: number(predicted) });
  return say(text, { place, ratio: number(ratio), theory, verdict: verdict(ratio) });
}

function forwardWords(curve, predicted) {
  const words = GIVEN.words;
  for (const [value, text] of [[Infinity, words.overflow], [0, words.nothing]]) {
    if (curve.includes(value)) return say(text, { place: curve.indexOf(value) + 1 });
  }
  return ratioWords(words.forward, curve.at(-1), predicted, curve.length);
}

function backwardWords(curve, predicted) {
  const words = GIVEN.words;
  if (curve.length === 1) return words.no_way_back;
  for (const [value, text] of [[Infinity, words.gradient_overflow], [0, words.gradient_nothing]]) {
    if (curve.includes(value)) return say(text, { piece: words.word, place: curve.lastIndexOf(value) + 1 });
  }
  return ratioWords(words.backward, curve[0] / curve.at(-1), predicted);
}

function flatWords(shares) {
  const { word, flat, no_flat } = GIVEN.words;
  const worst = shares.indexOf(Math.max(...shares));
  if (!(shares[worst] >= 0.01)) return say(no_flat, { piece: word });
  const piece = word[0].toUpperCase() + word.slice(1);
  return say(flat, { piece, place: worst + 1, share: percent(shares[worst]) });
}

const describe = (measured, predicted, saturated) =>
  [
    forwardWords(measured.forward, predicted.forward.at(-1)),
    backwardWords(measured.gradient, predicted.gradient[0]),
    flatWords(saturated),
  ].join(" ");

// ---- Theory, as in course.theory: φ and its slope, and expectations over normal variables

const sigmoid = (z) => (z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z)));
const bell = (z) => Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI);
const below0 = (z) => Math.min(z, 0);
const SELU = [1.0507009873554805, 1.6732632423543772];

// The probability that a standard normal variable is below z: a series near 0, a continued fraction beyond.
function normalBelow(z) {
  const x = Math.abs(z);
  if (x > 40) return z > 0 ? 1 : 0;
  if (x > 4) {
    let fraction = x;
    for (let k = 60; k > 0; k--) fraction = x + k / fraction;
    return z > 0 ? 1 - bell(x) / fraction : bell(x) / fraction;
  }
  let sum = z;
  for (let term = z, k = 3; Math.abs(term) > 1e-17 * Math.abs(sum); k += 2) sum += term *= (z * z) / k;
  return 0.5 + bell(z) * sum;
}

const PHI = {
  sigmoid: [sigmoid, (z) => sigmoid(z) * sigmoid(-z)],
  tanh: [Math.tanh, (z) => 4 * sigmoid(2 * z) * sigmoid(-2 * z)],
  relu: [(z) => Math.max(0, z), (z) => (z > 0 ? 1 : 0)],
  leaky_relu: [(z) => (z >= 0 ? z : 0.01 * z), (z) => (z >= 0 ? 1 : 0.01)],
  elu: [(z) => (z > 0 ? z : Math.expm1(z)), (z) => Math.exp(below0(z))],
  selu: [
    (z) => SELU[0] * (z > 0 ? z : SELU[1] * Math.expm1(z)),
    (z) => SELU[0] * (z > 0 ? 1 : SELU[1] * Math.exp(z)),
  ],
  gelu: [(z) => z * normalBelow(z), (z) => normalBelow(z) + (Math.abs(z) < 40 ? z * bell(z) : 0)],
  silu: [(z) => z * sigmoid(z), (z) => sigmoid(z) + z * sigmoid(z) * sigmoid(-z)],
  softplus: [(z) => Math.max(0, z) + Math.log1p(Math.exp(-Math.abs(z))), sigmoid],
  linear: [(z) => z, () => 1],
};

const REACH = 10;
const rules = new Map();

// Panels of Gauss and Legendre's nodes that shrink towards 0 by a factor of 4.
function rule(panels) {
  if (!rules.has(panels)) {
    const { nodes, weights } = GIVEN.legendre;
    const made = [];
    for (let panel = 0; panel <= panels; panel++) {
      const low = panel ? REACH * 4 ** (panel - 1 - panels) : 0;
      const half = (REACH * 4 ** (panel - panels) - low) / 2;
      nodes.forEach((node, i) => {
        const z = low + half * (1 + node);
        made.push([z, half * weights[i] * bell(z)]);
      });
    }
    rules.set(panels, made);
  }
  return rules.get(panels);
}

// E[f(√q z)²]
function secondMoment(f, q) {
  const scale = Math.min(Math.sqrt(q), 1e200);
  const panels = Math.min(28, Math.ceil(Math.log(Math.max(REACH * scale, 16)) / Math.log(4)));
  let sum = 0;
  for (const [z, weight] of rule(panels)) sum += weight * (f(scale * z) ** 2 + f(-scale * z) ** 2);
  return sum;
}

function predict({ scheme, activation, depth, width, gain }) {
  const nothing = () => Array(depth).fill(NaN);
  if (!GIVEN.schemes[scheme].predicted) return Object.fromEntries(CURVES.map((curve) => [curve, nothing()]));
  const [phi, slope] = PHI[activation];
  const weightVariance = width * standardDeviation(scheme, width, gain) ** 2;
  const inputs = [1];
  const slopes = [];
  for (let layer = 0, q = NaN; layer < depth; layer++) {
    const next = weightVariance ? weightVariance * inputs[layer] : 0;
    const same = next === q;
    q = next;
    inputs.push(same ? inputs[layer] : secondMoment(phi, q));
    slopes.push(same ? slopes[layer - 1] : secondMoment(slope, q));
  }
  const gradient = Array(depth).fill(1);
  for (let layer = depth - 2; layer >= 0; layer--) gradient[layer] = gradient[layer + 1] * weightVariance * slopes[layer];
  return {
    forward: inputs.slice(1),
    gradient,
    weight_gradient: gradient.map((variance, layer) => BATCH * inputs[layer] * variance / BATCH),
  };
}

function standardDeviation(scheme, width, gain) {
  const { scale, over_width } = GIVEN.schemes[scheme];
  return gain * Math.sqrt(scale / (over_width ? width : 1));
}

// ---- Measurement

const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
let engine;
let inputWidth = 0;
let drawn = { name: "", layers: 0 };

const view = (kind, address, length) => new kind(engine.memory.buffer, address, length);

// Digits, standardized, brought to so many points and to rows of second moment 1, as in course.data.
function feed(width) {
  const { pixels, mean, deviation } = GIVEN.digits;
  const raw = bytes(pixels);
  const inputs = view(Float32Array, engine.inputs(), width * BATCH);
  for (let example = 0; example < BATCH; example++) {
    const row = mean.map((middle, i) => (raw[example * mean.length + i] - middle) / deviation[i]);
    const points = Array.from({ length: width }, (_, unit) => {
      const place = (unit * (row.length - 1)) / (width - 1);
      const left = Math.min(Math.floor(place), row.length - 2);
      return row[left] + (place - left) * (row[left + 1] - row[left]);
    });
    const rms = Math.sqrt(points.reduce((sum, x) => sum + x * x, 0) / width);
    points.forEach((x, unit) => (inputs[unit * BATCH + example] = x / rms));
  }
}

function prepare({ scheme, width, depth, seed }) {
  if (!engine.make_room(width, depth)) throw new Error("this device has too little memory for this network");
  if (inputWidth !== width) feed((inputWidth = width));
  const { low, high } = GIVEN.directions;
  engine.draw_directions(seed, low, high);
  const { low: from, high: to, normal, unit, edge, orthogonal } = GIVEN.schemes[scheme];
  const name = [width, seed, from, to, normal, unit, orthogonal].join();
  if (name !== drawn.name) drawn = { name, layers: 0 };
  return (layer) => {
    if (layer < drawn.layers) return;
    engine.draw(seed, layer, from, to, normal, unit, edge, orthogonal);
    drawn.layers = layer + 1;
  };
}

// One step a layer, up and down; the last one returns what was found.
function* run(state) {
  const { scheme, activation, depth, width, gain } = state;
  const draw = prepare(state);
  const std = standardDeviation(scheme, width, gain);
  const { row, flat, shown } = GIVEN.activations[activation];
  const rows = Math.min(BATCH, Math.ceil(GIVEN.counted / width));
  for (let layer = 0; layer < depth; layer++) {
    draw(layer);
    engine.forward(layer, std, row, flat, ...shown, rows);
    yield;
  }
  for (let layer = depth - 1; layer >= 0; layer--) {
    engine.backward(layer, depth, std);
    yield;
  }
  return found(state);
}

function found(state) {
  const { depth } = state;
  const numbers = view(Float64Array, engine.measured(), depth * STATISTICS.length);
  const whole = (value) => (Number.isNaN(value) ? Infinity : value);
  const column = (place) => Array.from({ length: depth }, (_, layer) => whole(numbers[layer * STATISTICS.length + place]));
  const stats = Object.fromEntries(STATISTICS.map((name, place) => [name, column(place)]));
  const measured = {
    forward: stats.activation_rms.map((rms) => rms ** 2),
    gradient: stats.preactivation_gradient_variance,
    weight_gradient: stats.weight_gradient_variance.map((variance) => variance / BATCH),
  };
  const predicted = predict(state);
  const sentence = describe(measured, predicted, stats.saturated_share);
  const counts = view(Uint32Array, engine.counted(), depth * GIVEN.bins).slice();
  return { state: { ...state }, stats, measured, predicted, sentence, counts };
}

// ---- The picture

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const raised = (exponent) => `10${String(exponent).replace(/[-\d]/g, (sign) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(sign)])}`;
const firstWithRoom = (steps, needed) => steps.find((step) => step >= needed) ?? steps.at(-1);
const drawable = (value) => Number.isFinite(value) && value > 0;

function paint(shown) {
  const canvas = $("picture");
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  const sharp = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * sharp);
  canvas.height = Math.round(height * sharp);
  const pen = canvas.getContext("2d");
  pen.scale(sharp, sharp);
  pen.fillStyle = colour("ground");
  pen.fillRect(0, 0, width, height);
  const across = width / height > 2.4 ? 4 : 2;
  const size = Math.max(11, Math.min(24, width / 85));
  GIVEN.panels.forEach((title, place) => {
    const cell = { width: width / across, height: height / (4 / across) };
    const box = { left: (place % across) * cell.width, top: Math.floor(place / across) * cell.height, ...cell };
    paintPanel(pen, size, box, title, shown, place);
  });
}

function wrapped(pen, title, room) {
  const lines = [""];
  for (const word of title.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (pen.measureText(longer).width > room && lines.at(-1)) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

function paintPanel(pen, size, box, title, shown, place) {
  pen.textBaseline = "alphabetic";
  pen.textAlign = "left";
  pen.fillStyle = colour("text");
  pen.font = `${size}px system-ui, sans-serif`;
  const lines = GIVEN.panels.map((other) => wrapped(pen, other, box.width - 0.8 * size)).map((found) => found.length);
  wrapped(pen, title, box.width - 0.8 * size).forEach((line, i) =>
    pen.fillText(line, box.left + 0.3 * size, box.top + 1.1 * size * (i + 1)),
  );
  const area = { left: box.left + 3.2 * size, top: box.top + 1.1 * size * Math.max(...lines) + 0.9 * size };
  area.right = box.left + box.width - 0.7 * size;
  area.bottom = box.top + box.height - 2.9 * size;
  const last = firstWithRoom(GIVEN.depths, shown.state.depth);
  const x = (layer) => area.left + ((layer - 0.5) / last) * (area.right - area.left);
  if (place === 0) {
    const [low, high] = GIVEN.activations[shown.state.activation].shown;
    const y = linear(area, low, high);
    paintAxes(pen, size, area, x, last, [0, 1, 2, 3, 4].map((i) => low + ((high - low) * i) / 4).map((v) => [y(v), String(v).replace("-", "−")]), false);
    paintStrip(pen, area, x, shown);
    return;
  }
  const curve = CURVES[place - 1];
  const [measured, predicted] = [shown.measured[curve], shown.predicted[curve]];
  const reaches = [...measured, ...predicted].filter(drawable).map((value) => Math.abs(Math.log10(value)));
  const reach = firstWithRoom(GIVEN.decades, Math.max(0, ...reaches));
  const exponent = linear(area, -reach, reach);
  const y = (value) => exponent(Math.log10(value));
  paintAxes(pen, size, area, x, last, [-1, -0.5, 0, 0.5, 1].map((part) => [exponent(part * reach), raised(part * reach)]), true);
  pen.strokeStyle = colour("reference");
  pen.lineWidth = 1;
  pen.beginPath();
  pen.moveTo(area.left, y(1));
  pen.lineTo(area.right, y(1));
  pen.stroke();
  paintCurve(pen, size, area, x, y, measured, predicted);
  if (place === 1) paintLegend(pen, size, area);
}

const linear = (area, low, high) => (value) => area.bottom - ((value - low) / (high - low)) * (area.bottom - area.top);

function paintAxes(pen, size, area, x, last, ticks, grid) {
  const steps = last === 20 ? 4 : 5;
  const layers = [1, ...Array.from({ length: steps }, (_, i) => Math.floor((last * (i + 1)) / steps))];
  pen.font = `${0.85 * size}px system-ui, sans-serif`;
  pen.fillStyle = colour("quiet");
  pen.strokeStyle = colour("grid");
  pen.lineWidth = 0.8;
  const line = (...ends) => {
    pen.beginPath();
    pen.moveTo(ends[0], ends[1]);
    pen.lineTo(ends[2], ends[3]);
    pen.stroke();
  };
  pen.textAlign = "center";
  pen.textBaseline = "top";
  for (const layer of layers) {
    if (grid) line(x(layer), area.top, x(layer), area.bottom);
    pen.fillText(layer, x(layer), area.bottom + 0.35 * size);
  }
  pen.fillText(GIVEN.across, (area.left + area.right) / 2, area.bottom + 1.5 * size);
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  for (const [height, text] of ticks) {
    if (grid) line(area.left, height, area.right, height);
    pen.fillText(text, area.left - 0.4 * size, height);
  }
  pen.strokeStyle = colour("edge");
  line(area.left, area.top, area.left, area.bottom);
  line(area.left, area.bottom, area.right, area.bottom);
}

// A column a layer, the stronger the more of its values are there; the square root lets thin tails be seen.
function paintStrip(pen, area, x, { counts, state }) {
  const bins = GIVEN.bins;
  const image = new ImageData(state.depth, bins);
  const [red, green, blue] = colour("measured").match(/\w\w/g).map((pair) => parseInt(pair, 16));
  for (let layer = 0; layer < state.depth; layer++) {
    const column = counts.subarray(layer * bins, (layer + 1) * bins);
    const most = Math.max(1, ...column);
    column.forEach((count, bin) => {
      const at = 4 * ((bins - 1 - bin) * state.depth + layer);
      image.data.set([red, green, blue, 255 * Math.sqrt(count / most)], at);
    });
  }
  const small = Object.assign(document.createElement("canvas"), { width: state.depth, height: bins });
  small.getContext("2d").putImageData(image, 0, 0);
  pen.imageSmoothingEnabled = false;
  pen.drawImage(small, area.left, area.top, x(state.depth + 0.5) - area.left, area.bottom - area.top);
}

function paintCurve(pen, size, area, x, y, measured, predicted) {
  const radius = Math.max(2, size / 5);
  measured.forEach((value, layer) => {
    if (drawable(value)) dot(pen, x(layer + 1), y(value), radius);
    else triangle(pen, x(layer + 1), value === 0 ? area.bottom : area.top, (value === 0 ? 1 : -1) * 1.5 * radius);
  });
  pen.save();
  pen.beginPath();
  pen.rect(area.left, area.top, area.right - area.left, area.bottom - area.top);
  pen.clip();
  dashes(pen, size);
  pen.beginPath();
  predicted.forEach((value, layer) => drawable(value) && pen.lineTo(x(layer + 1), y(value)));
  pen.stroke();
  pen.restore();
}

function dot(pen, x, y, radius) {
  pen.fillStyle = colour("measured");
  pen.beginPath();
  pen.arc(x, y, radius, 0, 7);
  pen.fill();
}

// A value that is 0 or infinite, at the edge of the axis, pointing there.
function triangle(pen, x, y, tip) {
  pen.fillStyle = colour("accent");
  pen.beginPath();
  pen.moveTo(x, y + tip);
  pen.lineTo(x - tip, y - tip);
  pen.lineTo(x + tip, y - tip);
  pen.fill();
}

function dashes(pen, size) {
  pen.strokeStyle = colour("predicted");
  pen.lineWidth = size / 8;
  pen.setLineDash([size / 2, size / 4]);
}

function paintLegend(pen, size, area) {
  const [measured, theory] = GIVEN.legend;
  const y = area.bottom - size;
  const x = area.left + 0.6 * size;
  pen.font = `${0.85 * size}px system-ui, sans-serif`;
  const wide = pen.measureText(measured).width;
  const all = wide + pen.measureText(theory).width + 4.6 * size;
  pen.fillStyle = colour("ground");
  pen.fillRect(area.left + 2, y - 0.8 * size, all, 1.6 * size);
  pen.textAlign = "left";
  pen.textBaseline = "middle";
  pen.fillStyle = colour("text");
  pen.fillText(measured, x + 0.6 * size, y);
  pen.fillText(theory, x + wide + 3.4 * size, y);
  dot(pen, x, y, Math.max(2, size / 5));
  dashes(pen, size);
  pen.beginPath();
  pen.moveTo(x + wide + 1.3 * size, y);
  pen.lineTo(x + wide + 3 * size, y);
  pen.stroke();
  pen.setLineDash([]);
}

// ---- The state, and its text, as in course.live.settings

const CONTROLS = GIVEN.controls;
const START = Object.fromEntries(Object.entries(CONTROLS).map(([name, control]) => [name, control.value]));
const state = { ...START };
const values = (control) => control.options.map(([_label, value]) => value);

function written(settings) {
  const text = (name) => {
    const value = settings[name];
    if (CONTROLS[name].kind !== "real") return String(value);
    return Number.isInteger(value) ? value.toFixed(1) : String(Number(value.toFixed(9)));
  };
  const pairs = Object.keys(CONTROLS).map((name) => [name, text(name)]);
  return `${GIVEN.name}?${new URLSearchParams([...pairs, ...Object.entries(GIVEN.left_out)])}`;
}

// Return the settings of a text, or throw an error that says what is allowed; a setting that is left out stays.
function read(text) {
  const [name, query] = text.trim().split(/\?(.*)/s);
  if (name !== GIVEN.name || query === undefined) {
    throw new Error(`a state of this picture begins with ${GIVEN.name}?, not ${text.trim().slice(0, 40)}`);
  }
  const wanted = {};
  for (const [key, value] of new URLSearchParams(query)) {
    if (key in CONTROLS) wanted[key] = parsed(key, value);
    else if (!(key in GIVEN.left_out || GIVEN.elsewhere.includes(key))) {
      throw new Error(`${key} is no control of this picture; its controls are ${Object.keys(CONTROLS).join(", ")}`);
    }
  }
  return wanted;
}

function parsed(name, text) {
  const control = CONTROLS[name];
  if (control.options) {
    const value = values(control).find((offered) => String(offered) === text);
    if (value !== undefined) return value;
    throw new Error(`${name} must be one of ${values(control).join(", ")}, not ${text}`);
  }
  const whole = control.kind === "whole";
  const value = (whole ? /^[+-]?\d+$/ : /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i).test(text) ? Number(text) : NaN;
  if (value >= control.min && value <= control.max) return value;
  const kind = whole ? "a whole number" : "a number";
  throw new Error(`${name} must be ${kind} from ${control.min} to ${control.max}, not ${text}`);
}

// ---- The page

let shown = null;
let work = null; // the network that is being run
let busy = false;
let moved = false; // whether the state has moved on since that network was begun
let began = 0; // when the hand moved
let saving = 0;

function build() {
  for (const [name, control] of Object.entries(CONTROLS)) {
    const menu = control.kind === "menu";
    const input = document.createElement(menu ? "select" : "input");
    input.id = name;
    const label = Object.assign(document.createElement("label"), { htmlFor: name, textContent: control.label });
    const box = document.createElement("div");
    box.className = menu ? "menu" : "slider";
    box.append(label, input);
    if (menu) control.options.forEach(([words, value]) => input.add(new Option(words, value)));
    else {
      input.type = "range";
      const stops = control.kind === "stops" && control.options.length - 1;
      Object.assign(input, stops ? { min: 0, max: stops, step: 1 } : { min: control.min, max: control.max, step: control.step });
      box.append(Object.assign(document.createElement("output"), { htmlFor: name, id: `${name}-value` }));
    }
    input.addEventListener("input", () => go({ [name]: valueOf(name) }));
    $("controls").append(box);
  }
}

function valueOf(name) {
  const control = CONTROLS[name];
  if (control.kind === "stops") return values(control)[$(name).value];
  return control.kind === "menu" ? $(name).value : Number($(name).value);
}

function showControls() {
  for (const [name, control] of Object.entries(CONTROLS)) {
    const value = state[name];
    $(name).value = control.kind === "stops" ? values(control).indexOf(value) : value;
    if (control.kind === "menu") continue;
    const text = control.kind === "real" ? value.toFixed(2) : String(value);
    $(`${name}-value`).value = text;
    $(name).setAttribute("aria-valuetext", text);
  }
  $("state").value = written(state);
}

function go(wanted) {
  Object.assign(state, wanted);
  fail("");
  showControls();
  clearTimeout(saving);
  saving = setTimeout(() => history.replaceState(null, "", `#${written(state)}`), 300); // browsers count these calls
  moved = true;
  if (!busy) start();
}

function start() {
  busy = true;
  began = performance.now();
  setTimeout(step);
}

// Work for a while; a network that is begun is run to its end, and then the latest state.
function step() {
  const until = performance.now() + SLICE;
  try {
    if (!work) {
      work = run({ ...state });
      moved = false;
    }
    let result;
    do result = work.next();
    while (!result.done && performance.now() < until);
    $("figure").setAttribute("aria-busy", String(!result.done));
    if (!result.done) return setTimeout(step);
    show(result.value);
  } catch (error) {
    fail(`This setting could not be drawn: ${error.message}`);
  }
  work = null;
  busy = false;
  if (moved) start();
}

function show(found) {
  shown = found;
  $("sentence").textContent = found.sentence;
  $("picture").setAttribute("aria-label", found.sentence);
  layOut();
  found.painted = performance.now(); // milliseconds since the page was opened
  found.milliseconds = found.painted - began;
}

// Give the picture the room that the window has left.
function layOut() {
  const canvas = $("picture");
  const width = canvas.clientWidth;
  const beside = document.documentElement.getBoundingClientRect().height - canvas.getBoundingClientRect().height;
  const highest = width * (width < 700 ? 1.25 : 0.6);
  canvas.style.height = `${Math.round(Math.max(260, Math.min(highest, window.innerHeight - beside)))}px`;
  if (shown) paint(shown);
}

function fail(words) {
  if ($("failure").textContent === words) return;
  $("failure").textContent = words;
  layOut();
}

function open(text) {
  try {
    go(read(text));
  } catch (error) {
    fail(`This state could not be read: ${error.message}`);
  }
}

async function copy() {
  const line = GIVEN.notebook.replace("{state}", written(state));
  try {
    await navigator.clipboard.writeText(line);
  } catch {
    const kept = $("state").value;
    $("state").value = line;
    $("state").select();
    document.execCommand("copy");
    $("state").value = kept;
  }
  $("copied").textContent = line;
  layOut();
}

async function begin() {
  build();
  const { instance } = await WebAssembly.instantiate(bytes($("engine").textContent));
  engine = instance.exports;
  $("reset").addEventListener("click", () => go(first));
  $("new_seed").addEventListener("click", () => go({ seed: (state.seed + 1) % (CONTROLS.seed.max + 1) }));
  $("state").addEventListener("change", () => open($("state").value));
  $("copy").addEventListener("click", copy);
  window.addEventListener("hashchange", () => open(decodeURIComponent(location.hash.slice(1))));
  window.addEventListener("resize", layOut);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => shown && paint(shown));
  go({});
  if (location.hash.length > 1) open(decodeURIComponent(location.hash.slice(1)));
  const first = { ...state };
}

begin().catch((error) => fail(`${error.message}: this picture needs a browser of 2021 or later.`));

// For whoever asks from outside, a test for example.
globalThis.playground = {
  go,
  open,
  describe,
  get shown() {
    return busy ? null : shown;
  },
};
