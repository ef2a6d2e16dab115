"use strict";
// Reads the sliders, writes the numbers, draws the charts. Numbers come from law.js.
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const SIZE = { width: 460, height: 300, left: 56, right: 22, top: 12, bottom: 44 };
  const POINTS = 121;
  const FLOOR = 1e-12; // of the logarithmic axis
  const LEAST_GAP = 0.05; // between the means
  const byId = (id) => document.getElementById(id);
  const sliders = [...document.querySelectorAll("#explorer input[type=range]")];

  // A slider holds the value itself, or its logarithm to base 10 (data-scale).
  function value(name) {
    const { scale } = byId(name).dataset;
    const at = Number(byId(name).value);
    if (scale === "count") return Math.round(10 ** at);
    return scale === "log" ? Number((10 ** at).toPrecision(3)) : at;
  }

  const settings = () => ({
    mu1: value("mu1"), mu2: value("mu2"), sigma: value("sigma"), beta: value("beta"), p: value("p"),
    nPos: value("n_pos"), nNeg: value("n_neg"),
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
    if (!log) return { at: (v) => (v - low) / (high - low), ticks: ticks(low, high), name: words };
    const [from, to] = [Math.log10(low), Math.log10(high)];
    const every = Math.ceil((to - from) / 6);
    const powers = [];
    for (let i = Math.ceil(from - 1e-9); i <= to + 1e-9; i += every) powers.push(10 ** i);
    const name = (v) => (v >= 1e-3 && v <= 1e3 ? words(v) : `1e${Math.round(Math.log10(v))}`);
    return { at: (v) => (Math.log10(Math.max(v, low / 10)) - from) / (to - from), ticks: powers, name };
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
    const drawn = [element("title", {}, about), clip];
    for (const v of x.ticks) {
      drawn.push(element("line", { class: "grid", x1: across(v), x2: across(v), y1: top, y2: height - bottom }));
      drawn.push(element("text", { x: across(v), y: height - bottom + 16, "text-anchor": "middle" }, x.name(v)));
    }
    for (const v of y.ticks) {
      drawn.push(element("line", { class: "grid", x1: left, x2: width - right, y1: up(v), y2: up(v) }));
      drawn.push(element("text", { x: left - 6, y: up(v) + 4, "text-anchor": "end" }, y.name(v)));
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
      body.append(element("circle", { class: point.kind, cx: across(point.x), cy: up(point.y), r: 5 }));
    }
    drawn.push(body, element("text", { x: (left + width - right) / 2, y: height - 8, "text-anchor": "middle" }, x.title));
    svg.replaceChildren(...drawn);
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
        { x: xs, y: xs.map((v) => normal(v, s.mu1, s.sigma)), kind: "positive" },
        { x: xs, y: xs.map((v) => normal(v, s.mu2, s.sigma)), kind: "negative" },
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
      curves: [{ x: xs, y: ys, kind: "exact" }],
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
        { x: xs, y: xs.map((a) => tailbound.bound(s, a)), kind: "bound" },
        { x: xs, y: around(tailbound.printedShift(s)), kind: "printed" },
        { x: xs, y: around(tailbound.shift(s)), kind: "holds" },
      ],
      lines: [{ x: alpha, kind: "ideal" }],
      about: `Probability of lying further off than alpha, on a logarithmic axis from ${FLOOR} to 10: the printed bound, `
        + "the exact probability around the printed shift, and around the shift that holds.",
    });
  }

  function updateTheorem1() {
    const s = settings();
    const alpha = value("alpha");
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
    const [m, ratio] = [value("separation"), value("imbalance")];
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
        { x: ratios, y: all.map((r) => r.majority), kind: "positive" },
        { x: ratios, y: all.map((r) => r.minority), kind: "negative" },
      ],
      points: [
        { x: ratio, y: found.majority, kind: "positive" },
        { x: ratio, y: found.minority, kind: "negative" },
      ],
      about: `Recall against imbalance at separation ${words(m)}. At imbalance ${words(ratio)}: `
        + `majority ${words(found.majority)}, minority ${words(found.minority)}.`,
    });
    const xs = grid(-m / 2 - 3.5, m / 2 + 3.5);
    chart("chart-bayes", {
      x: { ...axis(xs[0], xs[POINTS - 1]), title: "standard deviations along the line of the means" },
      y: { at: (v) => v / 0.42, ticks: [], name: words },
      curves: [
        { x: xs, y: xs.map((v) => normal(v, -m / 2, 1)), kind: "positive" },
        { x: xs, y: xs.map((v) => normal(v, m / 2, 1)), kind: "negative" },
      ],
      lines: [{ x: 0, kind: "ideal" }, { x: moved, kind: "holds" }],
      about: `Densities of majority (left) and minority (right); the boundary lies ${words(moved)} standard deviations `
        + "from their midpoint, towards the minority.",
    });
  }

  // The means keep their order: the one that is moved pushes the other, and stops where that has no more room.
  function order(moved) {
    const [first, second] = [byId("mu1"), byId("mu2")];
    const others = moved === second ? [first, second] : [second, first];
    for (const pushed of others) {
      if (Number(second.value) - Number(first.value) >= LEAST_GAP - 1e-9) return;
      pushed.value = pushed === second ? Number(first.value) + LEAST_GAP : Number(second.value) - LEAST_GAP;
    }
  }

  function update(moved) {
    order(moved);
    for (const slider of sliders) {
      const shown = value(slider.id).toLocaleString("en", { maximumFractionDigits: 6 });
      byId(`${slider.id}-value`).textContent = shown;
      slider.setAttribute("aria-valuetext", shown);
    }
    updateTheorem1();
    updateTheorem2();
  }

  function reset() {
    for (const slider of sliders) slider.value = slider.defaultValue;
    update();
  }

  for (const slider of sliders) slider.addEventListener("input", () => update(slider));
  byId("reset").addEventListener("click", reset);
  byId("explorer-live").hidden = false;
  reset();

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
