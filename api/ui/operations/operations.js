// The operations page: asks every two seconds, remembers three minutes, and shows what happened within them.

import { barChart, lineChart } from "./charts.js";
import { between, mean, perBucket, quantile } from "../histograms.js";
import { lasted, milliseconds } from "../moments.js";
import { $, argusd, element, plain } from "../page.js";
import { showFailure, showReadiness } from "../standing.js";

const POLL_MS = 2000;
const REMEMBERED_S = 180;
const OVER_S = 10; // what a point of a line sums up
const LOWEST_TOP_S = 0.1;

const answers = []; // of the last minutes, the oldest first

async function poll() {
  try {
    answers.push(await argusd.json("/operations.json"));
    while (answers.at(-1).at - answers[0].at > REMEMBERED_S) answers.shift();
    show(answers.at(-1));
  } catch (error) {
    showFailure(error);
  }
  setTimeout(poll, POLL_MS);
}

function show(now) {
  const { readiness } = now;
  showReadiness(readiness);
  showFigures(now);
  showRows("workers", now.workers, workerCells(readiness.schedulers));
  showRows("models", readiness.roles, modelCells(now));
  $("ages").replaceChildren(...Object.keys(now.frame_age_seconds).sort().map(ageFigure));
  $("no-ages").hidden = Object.keys(now.frame_age_seconds).length > 0;
  showRows("webhooks", now.webhooks, webhookCells);
  showRows("hosts", now.hosts, hostCells);
}

function showFigures({ readiness, sessions, tasks, frame_age_seconds }) {
  const scales = readiness.schedulers.map(({ rate_scale }) => rate_scale).filter((scale) => scale !== null);
  const ages = Object.keys(frame_age_seconds).map((stream) => quantile(recent("frame_age_seconds", stream), 0.95));
  const oldest = Math.max(...ages.filter((age) => age !== null));
  $("live").textContent = sessions;
  $("fits").textContent = readiness.fits_more ?? "–";
  $("tasks").textContent = tasks;
  $("rates").textContent = scales.length ? `${Math.round(100 * Math.min(...scales))} %` : "–";
  $("age").textContent = Number.isFinite(oldest) ? milliseconds(oldest) : "–";
}

// A table's rows; where there are none its section hides.
function showRows(name, all, cells) {
  $(name).closest("section").hidden = all.length === 0;
  $(name).replaceChildren(...all.map((each) => {
    const row = element("tr");
    const [first, ...rest] = cells(each);
    const head = element("th", first);
    head.scope = "row";
    row.append(head, ...rest.map(cell));
    return row;
  }));
}

function cell(content) {
  const made = element("td");
  made.append(content ?? "–");
  return made;
}

// A word with a colour.
function mark(text, kind) {
  return element("span", text, `mark ${kind}`);
}

function workerCells(schedulers) {
  return (worker) => {
    const { device } = schedulers.find(({ worker_id }) => worker_id === worker.worker_id) ?? {};
    return [worker.worker_id, workerState(worker), breaker(worker), device, worker.sessions, worker.tasks, load(worker)];
  };
}

function workerState({ alive, ready }) {
  if (!alive) return mark("away", "bad");
  return ready ? mark("ready", "good") : mark("not ready", "poor");
}

function breaker({ breaker: state }) {
  if (state === null) return null;
  return mark(plain(state), { closed: "good", half_open: "poor", open: "bad" }[state]);
}

function load({ worker_id, load: share }) {
  if (share === null) return null;
  const meter = element("meter");
  Object.assign(meter, { max: 1, high: 0.9, value: share, ariaLabel: `load of ${worker_id}` });
  const both = element("span", "", "load");
  both.append(meter, ` ${Math.round(100 * share)} %`);
  return both;
}

function modelCells({ batch_size, batch_seconds }) {
  return ({ role, model, ready, detail, load_seconds, precision }) => {
    const sizes = between(answers[0].batch_size[model], batch_size[model]);
    const seconds = between(answers[0].batch_seconds[model], batch_seconds[model]);
    return [
      plain(role), model || null, ready ? mark("ready", "good") : mark(detail || "not ready", "poor"),
      ready ? lasted(load_seconds) : null, precision || null, sizes.count,
      mean(sizes)?.toFixed(1), milliseconds(quantile(seconds, 0.95)), sizes.count ? sizesChart(model, sizes) : null,
    ];
  };
}

function sizesChart(model, sizes) {
  const names = [...sizes.bounds.map((bound) => `up to ${bound}`), "more"];
  const counts = perBucket(sizes);
  const used = Math.max(4, counts.findLastIndex((count) => count > 0) + 1);
  const told = names.slice(0, used).map((name, index) => `${name}: ${counts[index]}`).join(", ");
  return barChart(counts.slice(0, used), names, `Batches of ${model} by size: ${told}`);
}

// One stream's frame age: two lines, and in words what they are now.
function ageFigure(stream) {
  const points = [0.5, 0.95].map((share) => line(stream, share));
  const [half, most] = points.map((line) => line.at(-1)?.[1] ?? null);
  const top = Math.max(LOWEST_TOP_S, ...points[1].map(([, age]) => age));
  const figure = element("figure");
  const caption = element("figcaption");
  caption.append(element("b", plain(stream)));
  if (half === null) caption.append("no frames lately");
  else caption.append(element("span", `p50 ${milliseconds(half)}`, "half"), element("span", `p95 ${milliseconds(most)}`, "most"));
  const label = `Frame age of ${plain(stream)}, from 0 to ${milliseconds(top)}`;
  figure.append(caption, lineChart({ half: points[0], most: points[1] }, top, label));
  return figure;
}

function line(stream, share) {
  return answers.slice(1).map((answer, index) => {
    const before = answers.slice(0, index + 1).find(({ at }) => answer.at - at <= OVER_S) ?? answers[index];
    const age = quantile(between(before.frame_age_seconds[stream], answer.frame_age_seconds[stream]), share);
    return [1 - (answers.at(-1).at - answer.at) / REMEMBERED_S, age];
  }).filter(([, age]) => age !== null);
}

// What a histogram has gained over the minutes that are remembered.
function recent(name, key) {
  return between(answers[0][name][key], answers.at(-1)[name][key]);
}

function webhookCells({ name, state, reason, behind, delivered, refused, failed, failing_s }) {
  const kinds = { delivering: "good", failing: "bad", elsewhere: "idle" };
  const since = failing_s ? lasted(failing_s) : null;
  return [name, mark(state === "elsewhere" ? "another host" : state, kinds[state]), reason || null, since, behind, delivered, refused, failed];
}

function hostCells({ host_id, url, sessions, room, load: share, draining }) {
  return [host_id, url, draining ? mark("draining", "poor") : mark("takes sessions", "good"), sessions, room, load({ worker_id: host_id, load: share })];
}

poll();
