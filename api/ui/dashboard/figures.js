// The figures on top: what the daemon says about its work right now.

import { between, quantile } from "../histograms.js";
import { $ } from "../page.js";

let before = null;

export function showFigures(now) {
  const { readiness, at, batch_size, frame_age_seconds } = now;
  $("device").textContent = readiness.device ?? "–";
  $("fits").textContent = readiness.fits_more ?? "–";
  if (before) {
    const items = Object.keys(batch_size).map((model) => between(before.batch_size[model], batch_size[model]).sum);
    $("rate").textContent = (items.reduce((one, other) => one + other, 0) / (at - before.at)).toFixed(0);
  }
  const ages = Object.values(frame_age_seconds).map((ages) => quantile(ages, 0.95)).filter((age) => age !== null);
  $("age").textContent = ages.length ? `${(1000 * Math.max(...ages)).toFixed(0)} ms` : "–";
  before = now;
}
