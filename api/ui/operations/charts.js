// Small charts, drawn as SVG. What a chart says is also said in words, by its label.

import { shape, titled } from "../svg.js";

const WIDTH = 300;
const HEIGHT = 80;

// Lines over the same time. `lines`: class name → [[x, y] …], x from 0 to 1; y is cut off at `top`. A single point
// comes twice: a line without a length is drawn as a dot.
export function lineChart(lines, top, label) {
  const chart = drawing(label, "lines");
  for (const share of [0.25, 0.5, 0.75]) {
    const y = HEIGHT * share;
    chart.append(shape("line", { x1: 0, x2: WIDTH, y1: y, y2: y, class: "grid" }));
  }
  for (const [name, points] of Object.entries(lines)) {
    const place = ([x, y]) => `${(x * WIDTH).toFixed(1)},${(HEIGHT * (1 - Math.min(y / top, 1))).toFixed(1)}`;
    chart.append(shape("polyline", { points: [...points.slice(0, 1), ...points].map(place).join(" "), class: name }));
  }
  return chart;
}

// A bar for each count. `names`: what each is called.
export function barChart(counts, names, label) {
  const chart = drawing(label, "bars");
  const most = Math.max(1, ...counts);
  const step = WIDTH / counts.length;
  counts.forEach((count, index) => {
    const height = count ? Math.max(2, (HEIGHT * count) / most) : 0;
    const bar = shape("rect", { x: index * step + 2, y: HEIGHT - height, width: step - 4, height });
    bar.append(titled(`${names[index]}: ${count}`));
    chart.append(bar);
  });
  return chart;
}

function drawing(label, name) {
  return shape("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", class: `chart ${name}`, role: "img", "aria-label": label,
  });
}
