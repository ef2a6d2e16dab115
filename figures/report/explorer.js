"use strict";
// Reads sliders, typed numbers, pasted points and the address; writes the numbers, draws the charts. Numbers come from law.js.
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const SIZE = { width: 460, height: 300, left: 56, right: 22, top: 12, bottom: 44 };
  const POINTS = 121;
  const FLOOR = 1e-12; // of the logarithmic axis
  const LEAST_GAP = 0.05; // between the means
  const byId = (id) => document.getElementById(id);
  const sliders = [...document.querySelectorAll("#explorer input[type=range]")];
  const typed = (name) => byId(`${name}-number`);
  const state = {}; // the values; a slider shows the nearest position, which may be coarser
  const LINK = "#explorer?";
  const PATIENCE = 200; // milliseconds until the address follows
  const drawn = {}; // what the charts show, for the pointer
  let own = []; // the user's points

  // A slider holds the value itself, or its logarithm to base 10 (data-scale).
  function valueAt(slider) {
    const at = Number(slider.value);
    if (slider.dataset.scale === "count") return Math.round(10 ** at);
    return slider.dataset.scale === "log" ? Number((10 ** at).toPrecision(3)) : at;
  }

  const positionOf = (slider, x) => (slider.dataset.scale === "linear" ? x : Math.log10(x));

  // Return why a slider's value cannot be x beside the other values; nothing if it can.
  function refusal(name, x, others = state) {
    const [low, high] = [Number(typed(name).min), Number(typed(name).max)];
    if (!Number.isFinite(x)) return "must be a number";
    if (x < low || x > high) return `must be from ${words(low)} to ${words(high)}`;
    if (byId(name).dataset.scale === "count" && !Number.isInteger(x)) return "must be a whole number";
    const [first, second] = [name === "mu1" ? x : others.mu1, name === "mu2" ? x : others.mu2];
    if (name.startsWith("mu") && second - first < LEAST_GAP - 1e-9) return "the means keep their order: mu1 + 0.05 <= mu2";
    return "";
  }

  const settings = () => ({
    mu1: state.mu1, mu2: state.mu2, sigma: state.sigma, beta: state.beta, p: state.p,
    nPos: state.n_pos, nNeg: state.n_neg,
  });

  function words(x) {
    if (x === 0) return "0";
    const size = Math.abs(x);
    if (size >= 1e6 || size < 1e-3) return x.toExponential(3);
    return Number(x.toPrecision(4)).toLocaleString("en", { maximumFractionDigits: 6 });
  }

  function write(id, x, note = "") {
    byId(id).textContent = words(x) + note;
    byId(id).dataset.value = String(x);
  }

  const grid = (low, high) => Array.from({ length: POINTS }, (_, i) => low + ((high - low) * i) / (POINTS - 1));

  function element(name, attributes, text) {
    const made = document.createElementNS(SVG, name);
    for (const [key, held] of Object.entries(attributes)) made.setAttribute(key, held);
    if (text !== undefined) made.textContent = text;
    return made;
  }

  // Round numbers between low and high for the ticks of an axis.
  function ticks(low, high, count = 5) {
    const rough = (high - low) / count;
    const unit = 10 ** Math.floor(Math.log10(rough));
    const step = unit * [1, 2, 5, 10].find((m) => m * unit >= rough);
    const found = [];
    for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) found.push(i * step);
    return found;
  }

  function axis(low, high, log) {
    const linear = (part) => low + part * (high - low);
    if (!log) return { at: (v) => (v - low) / (high - low), from: linear, ticks: ticks(low, high), name: words };
    const [from, to] = [Math.log10(low), Math.log10(high)];
    const every = Math.ceil((to - from) / 6);
    const powers = [];
    for (let i = Math.ceil(from - 1e-9); i <= to + 1e-9; i += every) powers.push(10 ** i);
    const power = (part) => 10 ** (from + part * (to - from));
    const name = (v) => (v >= 1e-3 && v <= 1e3 ? words(v) : `1e${Math.round(Math.log10(v))}`);
    return { at: (v) => (Math.log10(Math.max(v, low / 10)) - from) / (to - from), from: power, ticks: powers, name };
  }

  // Draw curves [{x, y, kind}] and vertical lines [{x, kind}] into the <svg> of a figure; kinds are CSS classes.
  function chart(id, { x, y, curves, lines = [], points = [], about }) {
    const { width, height, left, right, top, bottom } = SIZE;
    const across = (v) => left + x.at(v) * (width - left - right);
    const up = (v) => height - bottom - y.at(v) * (height - top - bottom);
    const inside = (v, scale) => scale.at(v) >= -1e-9 && scale.at(v) <= 1 + 1e-9;
    const svg = byId(id);
    const clip = element("clipPath", { id: `${id}-clip` });
    clip.append(element("rect", { x: left, y: top, width: width - left - right, height: height - top - bottom }));
    const parts = [element("title", {}, about), clip];
    for (const v of x.ticks) {
      parts.push(element("line", { class: "grid", x1: across(v), x2: across(v), y1: top, y2: height - bottom }));
      parts.push(element("text", { x: across(v), y: height - bottom + 16, "text-anchor": "middle" }, x.name(v)));
    }
    for (const v of y.ticks) {
      parts.push(element("line", { class: "grid", x1: left, x2: width - right, y1: up(v), y2: up(v) }));
      parts.push(element("text", { x: left - 6, y: up(v) + 4, "text-anchor": "end" }, y.name(v)));
    }
    const body = element("g", { "clip-path": `url(#${id}-clip)` });
    for (const curve of curves) {
      const path = curve.x.map((v, i) => `${i ? "L" : "M"}${across(v).toFixed(2)} ${up(curve.y[i]).toFixed(2)}`);
      body.append(element("path", { class: `curve ${curve.kind}`, d: path.join("") }));
    }
    for (const line of lines.filter((one) => inside(one.x, x))) {
      const place = { x1: across(line.x), x2: across(line.x), y1: top, y2: height - bottom };
      body.append(element("line", { class: `curve ${line.kind}`, ...place }));
    }
    for (const point of points) {
      body.append(element("circle", { class: point.kind, cx: across(point.x), cy: up(point.y), r: point.size ?? 5 }));
    }
    parts.push(body, element("text", { x: (left + width - right) / 2, y: height - 8, "text-anchor": "middle" }, x.title));
    svg.replaceChildren(...parts);
    drawn[id] = { x, y, curves, across };
  }

  const normal = (x, mean, sd) => Math.exp(-(((x - mean) / sd) ** 2) / 2) / (sd * Math.sqrt(2 * Math.PI));

  function drawBoundary(s) {
    const middle = (s.mu1 + s.mu2) / 2;
    const [low, high] = [s.mu1 - 3 * s.sigma, s.mu2 + 3 * s.sigma];
    const xs = grid(low, high);
    const scale = { ...axis(low, high), title: "x" };
    chart("chart-boundary", {
      x: scale,
      y: { at: (v) => v / (0.42 / s.sigma), ticks: [], name: words },
      curves: [
        { x: xs, y: xs.map((v) => normal(v, s.mu1, s.sigma)), kind: "positive", name: "positive class" },
        { x: xs, y: xs.map((v) => normal(v, s.mu2, s.sigma)), kind: "negative", name: "negative class" },
      ],
      lines: [
        { x: middle, kind: "ideal" },
        { x: middle + tailbound.shift(s), kind: "holds" },
        { x: middle + tailbound.printedShift(s), kind: "printed" },
      ],
      about: `Densities of both classes. Ideal boundary ${words(middle)}, expected boundary `
        + `${words(middle + tailbound.shift(s))}, boundary with the printed shift ${words(middle + tailbound.printedShift(s))}.`,
    });
  }

  function drawLaw(s) {
    const [holds, printed, sd] = [tailbound.shift(s), tailbound.printedShift(s), tailbound.spreadOfBoundary(s)];
    const low = Math.min(0, holds - 5 * sd);
    const high = Math.max(printed, holds + 5 * sd);
    const margin = (high - low) * 0.04;
    const xs = [...grid(low - margin, high + margin), ...grid(holds - 5 * sd, holds + 5 * sd)].sort((a, b) => a - b);
    const ys = xs.map((v) => tailbound.density(s, v));
    const most = Math.max(...ys) * 1.08;
    chart("chart-law", {
      x: { ...axis(low - margin, high + margin), title: "estimated boundary - (mu1 + mu2)/2" },
      y: axis(0, most),
      curves: [{ x: xs, y: ys, kind: "exact", name: "density" }],
      lines: [{ x: 0, kind: "ideal" }, { x: holds, kind: "holds" }, { x: printed, kind: "printed" }],
      about: `Exact density of the estimated boundary: mean ${words(holds)}, standard deviation ${words(sd)}; `
        + `the printed shift is ${words(printed)}.`,
    });
  }

  function drawTails(s, alpha) {
    const sd = tailbound.spreadOfBoundary(s);
    const most = Math.max(8 * sd, 1.3 * (tailbound.printedShift(s) - tailbound.shift(s)), 1.3 * alpha);
    const xs = grid(most / POINTS, most);
    const around = (center) => xs.map((a) => tailbound.failure(s, a, center));
    chart("chart-tails", {
      x: { ...axis(0, most), title: "alpha" },
      y: axis(FLOOR, 10, true),
      curves: [
        { x: xs, y: xs.map((a) => tailbound.bound(s, a)), kind: "bound", name: "printed bound" },
        { x: xs, y: around(tailbound.printedShift(s)), kind: "printed", name: "around the printed shift" },
        { x: xs, y: around(tailbound.shift(s)), kind: "holds", name: "around the shift that holds" },
      ],
      lines: [{ x: alpha, kind: "ideal" }],
      about: `Probability of lying further off than alpha, on a logarithmic axis from ${FLOOR} to 10: the printed bound, `
        + "the exact probability around the printed shift, and around the shift that holds.",
    });
  }

  function updateTheorem1() {
    const s = settings();
    const alpha = state.alpha;
    const bound = tailbound.bound(s, alpha);
    const recall = tailbound.expectedRecall(s);
    write("out-imbalance", s.nPos / s.nNeg);
    write("out-separation", (s.mu2 - s.mu1) / s.sigma);
    write("out-shift", tailbound.shift(s));
    write("out-printed-shift", tailbound.printedShift(s));
    write("out-sd", tailbound.spreadOfBoundary(s));
    write("out-bound", bound, bound >= 1 ? " (vacuous)" : "");
    write("out-failure", tailbound.failure(s, alpha));
    write("out-printed-failure", tailbound.failure(s, alpha, tailbound.printedShift(s)));
    write("out-recall-positive", recall.positive);
    write("out-recall-negative", recall.negative);
    write("out-recall-ideal", recall.ideal);
    drawBoundary(s);
    drawLaw(s);
    drawTails(s, alpha);
  }

  function updateTheorem2() {
    const [m, ratio] = [state.separation, state.imbalance];
    const found = tailbound.recalls(m, ratio);
    const moved = Math.log(ratio) / m;
    write("out-moved", moved);
    write("out-minority", found.minority);
    write("out-majority", found.majority);
    write("out-collapse", Math.exp((m * m) / 2));
    const ratios = grid(0, 3).map((power) => 10 ** power);
    const all = ratios.map((r) => tailbound.recalls(m, r));
    chart("chart-recalls", {
      x: { ...axis(1, 1000, true), title: "imbalance" },
      y: axis(0, 1),
      curves: [
        { x: ratios, y: all.map((r) => r.majority), kind: "positive", name: "majority" },
        { x: ratios, y: all.map((r) => r.minority), kind: "negative", name: "minority" },
      ],
      points: [
        { x: ratio, y: found.majority, kind: "positive" },
        ...own.map(([r, recall]) => ({ x: r, y: recall, kind: "own", size: 4 })),
        { x: ratio, y: found.minority, kind: "negative handle", size: 9 },
      ],
      about: `Recall against imbalance at separation ${words(m)}. At imbalance ${words(ratio)}: `
        + `majority ${words(found.majority)}, minority ${words(found.minority)}.`,
    });
    const xs = grid(-m / 2 - 3.5, m / 2 + 3.5);
    chart("chart-bayes", {
      x: { ...axis(xs[0], xs[POINTS - 1]), title: "standard deviations along the line of the means" },
      y: { at: (v) => v / 0.42, ticks: [], name: words },
      curves: [
        { x: xs, y: xs.map((v) => normal(v, -m / 2, 1)), kind: "positive", name: "majority" },
        { x: xs, y: xs.map((v) => normal(v, m / 2, 1)), kind: "negative", name: "minority" },
      ],
      lines: [{ x: 0, kind: "ideal" }, { x: moved, kind: "holds" }],
      about: `Densities of majority (left) and minority (right); the boundary lies ${words(moved)} standard deviations `
        + "from their midpoint, towards the minority.",
    });
  }

  function show() {
    for (const slider of sliders) {
      const x = state[slider.id];
      slider.value = positionOf(slider, x);
      if (typed(slider.id).value === "" || Number(typed(slider.id).value) !== x) typed(slider.id).value = x;
      slider.setAttribute("aria-valuetext", x.toLocaleString("en", { maximumFractionDigits: 6 }));
    }
    byId("setting").textContent = `Setting: ${Object.entries(state).map(([name, x]) => `${name} ${words(x)}`).join(", ")}`;
    updateTheorem1();
    updateTheorem2();
    judgePoints();
  }

  const note = (name, text) => { byId(`${name}-note`).textContent = text; };

  function clearNotes() {
    for (const slider of sliders) note(slider.id, "");
    byId("explorer-note").textContent = "";
  }

  // The address holds the whole state, so that a link opens it again.
  let waiting = 0;
  function address() {
    const values = new URLSearchParams(Object.entries(state));
    if (byId("own").value.trim()) values.set("own", byId("own").value);
    return LINK + values;
  }
  function remember() {
    clearTimeout(waiting);
    waiting = setTimeout(() => history.replaceState(null, "", address()), PATIENCE);
  }

  function set(values) {
    Object.assign(state, values);
    clearNotes();
    show();
    remember();
  }

  // A slider that may not go on stops; the others stay where they are.
  function slid(slider) {
    const name = slider.id;
    let [x, stopped] = [valueAt(slider), ""];
    if (name === "mu1" && state.mu2 - x < LEAST_GAP) [x, stopped] = [state.mu2 - LEAST_GAP, "stops below mu2"];
    if (name === "mu2" && x - state.mu1 < LEAST_GAP) [x, stopped] = [state.mu1 + LEAST_GAP, "stops above mu1"];
    set({ [name]: stopped ? Number(x.toFixed(6)) : x });
    note(name, stopped);
  }

  function wrote(name) {
    const x = typed(name).value.trim() === "" ? NaN : Number(typed(name).value);
    const why = refusal(name, x);
    if (why) note(name, `${why}; shown is ${words(state[name])}`);
    else set({ [name]: x });
  }

  // Return the points of a CSV text, recalls from 0 to 1, and why a line cannot be used.
  function readPoints(text) {
    const rows = [];
    for (const [i, line] of text.split(/\r?\n/).entries()) {
      const cells = line.split(/[,;\t]/).map((cell) => cell.trim());
      const [ratio, recall] = cells.map(Number);
      if (line.trim() === "" || (i === 0 && cells.every((cell) => Number.isNaN(Number(cell))))) continue; // a header
      const usable = cells.length === 2 && cells.every((cell) => cell !== "") && ratio >= 1 && recall >= 0 && recall <= 100;
      if (!usable || !Number.isFinite(ratio)) {
        return { rows: [], why: `line ${i + 1}: ${line.trim().slice(0, 40)}: must be an imbalance from 1 and a recall` };
      }
      rows.push([ratio, recall]);
    }
    const unit = rows.some(([, recall]) => recall > 1) ? 100 : 1;
    return { rows: rows.map(([ratio, recall]) => [ratio, recall / unit]), why: "" };
  }

  const misses = (m) => own.map(([ratio, recall]) => tailbound.recalls(m, ratio).minority - recall);

  function judgePoints() {
    const { rows, why } = readPoints(byId("own").value);
    const error = rows.length ? (100 * misses(state.separation).reduce((sum, miss) => sum + Math.abs(miss), 0)) / rows.length : 0;
    byId("own-note").textContent = why || (rows.length
      ? `${rows.length} points; mean absolute error at M = ${words(state.separation)}: ${error.toFixed(1)} points of recall` : "");
    byId("own-note").className = why ? "error" : "";
    byId("fit").disabled = !rows.length;
  }

  function pasted() {
    own = readPoints(byId("own").value).rows;
    show();
    remember();
  }

  // Least squares over the slider's range, in steps of a hundredth.
  function fit() {
    const [low, high] = [Number(typed("separation").min), Number(typed("separation").max)];
    let best = { sum: Infinity };
    for (let i = Math.round(100 * low); i <= Math.round(100 * high); i++) {
      const sum = misses(i / 100).reduce((total, miss) => total + miss * miss, 0);
      if (sum < best.sum) best = { sum, m: i / 100 };
    }
    set({ separation: best.m });
  }

  const first = () => Object.fromEntries(sliders.map((one) => {
    const now = one.value;
    one.value = one.defaultValue;
    const x = valueAt(one);
    one.value = now;
    return [one.id, x];
  }));

  // Read the state from the address; a value that cannot be is named and left as it is at first.
  function open() {
    if (!location.hash.startsWith(LINK)) return false;
    const asked = new URLSearchParams(location.hash.slice(LINK.length));
    const values = { ...first() };
    const refused = [];
    for (const slider of sliders.filter((one) => asked.has(one.id))) values[slider.id] = Number(asked.get(slider.id) || NaN);
    for (const name of Object.keys(values)) {
      const why = refusal(name, values[name], values);
      if (!why) continue;
      refused.push(`${name}=${asked.get(name)}: ${why}`);
      values[name] = first()[name];
    }
    if (refusal("mu1", values.mu1, values)) Object.assign(values, { mu1: first().mu1, mu2: first().mu2 });
    Object.assign(state, values);
    byId("own").value = asked.get("own") ?? "";
    own = readPoints(byId("own").value).rows;
    clearNotes();
    byId("explorer-note").textContent = refused.length ? `This link is not used in full: ${refused.join("; ")}` : "";
    show();
    return true;
  }

  // What the pointer is at, in the units of a chart.
  function at(event, id) {
    const svg = byId(id);
    const box = svg.getBoundingClientRect();
    const { width, height, left, right, top, bottom } = SIZE;
    const across = (((event.clientX - box.left) / box.width) * width - left) / (width - left - right);
    const up = (height - bottom - ((event.clientY - box.top) / box.height) * height) / (height - top - bottom);
    return { across, up };
  }

  function hover(event, id) {
    const shown = drawn[id];
    const { across } = at(event, id);
    const svg = byId(id);
    svg.querySelector(".hover")?.remove();
    if (across < 0 || across > 1) return;
    const x = shown.x.from(across);
    const values = shown.curves.map((curve) => {
      let nearest = 0;
      curve.x.forEach((v, i) => { if (Math.abs(shown.x.at(v) - across) < Math.abs(shown.x.at(curve.x[nearest]) - across)) nearest = i; });
      return `${curve.name} ${words(curve.y[nearest])}`;
    });
    byId(id.replace("chart", "readout")).textContent = `${shown.x.title} ${words(x)}: ${values.join(", ")}`;
    const line = { x1: shown.across(x), x2: shown.across(x), y1: SIZE.top, y2: SIZE.height - SIZE.bottom };
    svg.append(element("line", { class: "hover", ...line }));
  }

  // Drag the minority's curve: M is what gives the recall under the pointer at this imbalance.
  function dragged(event) {
    const recall = Math.min(0.999, Math.max(0.001, at(event, "chart-recalls").up));
    const [low, high] = [Number(typed("separation").min), Number(typed("separation").max)];
    const m = tailbound.separationFor(recall, state.imbalance);
    set({ separation: Number(Math.min(high, Math.max(low, m)).toFixed(3)) });
  }

  for (const slider of sliders) {
    slider.addEventListener("input", () => slid(slider));
    typed(slider.id).addEventListener("change", () => wrote(slider.id));
  }
  for (const button of document.querySelectorAll("[data-preset]")) {
    button.addEventListener("click", () => set(JSON.parse(button.dataset.preset)));
  }
  for (const svg of document.querySelectorAll("svg[id^=chart-]")) {
    svg.addEventListener("pointermove", (event) => hover(event, svg.id));
    svg.addEventListener("pointerleave", () => svg.querySelector(".hover")?.remove());
  }
  const recalls = byId("chart-recalls");
  let dragging = false;
  recalls.addEventListener("pointerdown", (event) => {
    dragging = event.target.classList.contains("handle");
    if (dragging) recalls.setPointerCapture(event.pointerId);
  });
  recalls.addEventListener("pointermove", (event) => { if (dragging) dragged(event); });
  for (const end of ["pointerup", "pointercancel"]) recalls.addEventListener(end, () => { dragging = false; });
  byId("own").addEventListener("input", pasted);
  byId("fit").addEventListener("click", fit);
  byId("reset").addEventListener("click", () => {
    byId("own").value = "";
    own = [];
    set(first());
  });
  window.addEventListener("hashchange", open);
  byId("explorer-live").hidden = false;
  Object.assign(state, first());
  if (open()) byId("explorer").scrollIntoView();
  else show();

  // Paper shows what is folded, too; what was folded is folded again afterwards.
  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    for (const one of opened) one.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const one of opened) one.open = false;
  });
})();
