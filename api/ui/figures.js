// The figures on top: what the daemon's metrics say about its work right now.

import { $, argusd } from "./page.js";

let servedBefore = null;

export async function showFigures() {
  const response = await argusd.request("/metrics");
  const samples = parseMetrics(await response.text());
  const served = sum(samples, "ml_served_total");
  const now = performance.now();
  if (servedBefore) {
    const perSecond = ((served - servedBefore.served) * 1000) / (now - servedBefore.at);
    $("rate").textContent = Math.max(0, perSecond).toFixed(0);
  }
  servedBefore = { served, at: now };
  const age = quantile(samples, "ml_frame_age_seconds_bucket", 0.95);
  $("age").textContent = age === null ? "–" : `≤ ${(age * 1000).toFixed(0)} ms`;
}

function parseMetrics(text) {
  return text.split("\n").filter((line) => line && !line.startsWith("#")).map((line) => {
    const [, name, labels, value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line);
    return { name, labels: labels ?? "", value: Number(value) };
  });
}

function sum(samples, name) {
  return samples.filter((sample) => sample.name === name).reduce((total, sample) => total + sample.value, 0);
}

function quantile(samples, name, share) {
  const counts = new Map();
  for (const sample of samples.filter((each) => each.name === name)) {
    const bound = /le="([^"]+)"/.exec(sample.labels)[1].replace("+Inf", "Infinity");
    counts.set(Number(bound), (counts.get(Number(bound)) ?? 0) + sample.value);
  }
  const total = counts.get(Infinity) ?? 0;
  if (total === 0) return null;
  const bounds = [...counts.keys()].sort((a, b) => a - b);
  const bound = bounds.find((each) => counts.get(each) >= share * total);
  return bound === Infinity ? bounds.at(-2) : bound;
}
