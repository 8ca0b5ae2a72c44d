// The figures on top: what the daemon says about its work of the last seconds.

import { between, quantile } from "../histograms.js";
import { milliseconds } from "../moments.js";
import { $ } from "../page.js";

const LATELY_S = 30;

const answers = []; // of the last seconds, the oldest first

export function showFigures(now) {
  const { readiness, at, batch_size, frame_age_seconds } = now;
  $("device").textContent = $("device").title = readiness.device ?? "–";
  $("fits").textContent = readiness.fits_more ?? "–";
  const before = answers[0];
  if (before) {
    const items = Object.keys(batch_size).map((model) => between(before.batch_size[model], batch_size[model]).sum);
    $("rate").textContent = (items.reduce((one, other) => one + other, 0) / (at - before.at)).toFixed(0);
  }
  const lately = Object.entries(frame_age_seconds).map(([stream, ages]) => between(before?.frame_age_seconds[stream], ages));
  const ages = lately.map((ages) => quantile(ages, 0.95)).filter((age) => age !== null);
  $("age").textContent = ages.length ? milliseconds(Math.max(...ages)) : "–";
  answers.push(now);
  while (at - answers[0].at > LATELY_S) answers.shift();
}
