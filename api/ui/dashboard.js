// The dashboard: polls what stands, streams what happens. Everything shown goes through textContent.

const POLL_MS = 2000;
const MOST_EVENTS = 300;
const EARLIER_EVENTS = 200;
const MARK = { start: "▲", update: "·", end: "▼" };
const $ = (id) => document.getElementById(id);

let token = sessionStorage.getItem("token") ?? "";
let lastEventId = "";
let servedBefore = null;

async function get(path) {
  const headers = {};
  if (token) headers.Authorization = `Bearer ${token}`;
  const response = await fetch(path, { headers, cache: "no-store" });
  if (response.status === 401) $("sign-in").hidden = false;
  return response;
}

function element(name, text = "", className = "") {
  const made = document.createElement(name);
  made.textContent = text;
  made.className = className;
  return made;
}

async function showReadiness() {
  const ready = await (await get("/ready")).json();
  $("state").textContent = ready.ready ? "ready" : "not ready";
  $("state").className = `pill ${ready.ready ? "ready" : "unready"}`;
  $("reasons").replaceChildren(...ready.reasons.map((reason) => element("li", reason)));
  $("device").textContent = ready.device ?? "–";
  $("fits").textContent = ready.fits_more ?? "–";
  $("roles").replaceChildren(...ready.roles.map((role) => {
    const row = element("tr");
    row.append(element("td", role.role.replaceAll("_", " ")), element("td", role.ready ? role.model : role.detail));
    return row;
  }));
}

async function showSessions() {
  const response = await get("/sessions");
  if (!response.ok) return;
  const { sessions } = await response.json();
  const active = sessions.filter((session) => ["connecting", "live", "stale"].includes(session.state));
  const rest = sessions.filter((session) => !active.includes(session));
  $("live").textContent = active.length;
  $("no-sessions").hidden = active.length > 0;
  const newest = (list) => list.sort((a, b) => b.updated_at - a.updated_at);
  const shown = [...newest(active), ...newest(rest)].slice(0, 12);
  $("sessions").replaceChildren(...await Promise.all(shown.map(sessionItem)));
}

async function sessionItem(session) {
  const item = element("li", "", session.state);
  item.append(element("b", session.session_id), " ", element("span", `${session.state} · ${session.streams.join(", ")}`));
  const response = await get(`/sessions/${encodeURIComponent(session.session_id)}/results`);
  if (!response.ok) return item;
  const { violations } = await response.json();
  const tags = element("div", "", "tags");
  for (const [name, found] of Object.entries(violations)) {
    const text = `${name.replaceAll("_", " ")} ${found.count}× ${found.total_s.toFixed(1)} s`;
    tags.append(element("i", text, found.open_since_s === null ? "" : "open"));
  }
  item.append(tags);
  return item;
}

async function showFigures() {
  const response = await get("/metrics");
  if (!response.ok) return;
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

async function followEvents() {
  for (;;) {
    try {
      const response = await get(`/events?after=${lastEventId || -EARLIER_EVENTS}`);
      if (response.ok) {
        $("stream").textContent = "live";
        await readEvents(response.body.pipeThrough(new TextDecoderStream()).getReader());
      }
    } catch { /* the daemon is away; we try again */ }
    $("stream").textContent = "reconnecting";
    await new Promise((done) => setTimeout(done, 1000));
  }
}

async function readEvents(reader) {
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (text + value).split("\n\n");
    text = blocks.pop();
    blocks.forEach(takeBlock);
  }
}

function takeBlock(block) {
  const fields = Object.fromEntries(block.split("\n").map((line) => {
    const colon = line.indexOf(": ");
    return [line.slice(0, colon), line.slice(colon + 2)];
  }));
  if (!("data" in fields)) return;
  lastEventId = fields.id;
  const data = JSON.parse(fields.data);
  showEvent(fields.event === "gap" ? gapEvent(data) : data);
}

function gapEvent(data) {
  const name = data.missed ? `${data.missed} events are no longer kept` : "earlier events are no longer kept";
  return { type: "gap", state: "update", name, session_id: "", data: {} };
}

function showEvent(event) {
  if (event.type === "observation") return;
  const item = element("li");
  const time = element("time", new Date((event.captured_at ?? Date.now() / 1000) * 1000).toLocaleTimeString());
  const name = element("span", event.name.replaceAll("_", " "), event.type);
  const detail = [event.data.direction, event.data.reason, event.session_id].filter(Boolean).join(" · ");
  item.append(time, element("span", MARK[event.state], event.type), name, element("span", detail, "detail"));
  $("events").prepend(item);
  while ($("events").childElementCount > MOST_EVENTS) $("events").lastElementChild.remove();
}

async function poll() {
  try {
    await Promise.all([showReadiness(), showSessions(), showFigures()]);
  } catch {
    $("state").textContent = "not reachable";
    $("state").className = "pill unready";
  }
  setTimeout(poll, POLL_MS);
}

$("sign-in").addEventListener("submit", (submitted) => {
  submitted.preventDefault();
  token = $("token").value;
  sessionStorage.setItem("token", token);
  $("sign-in").hidden = true;
});

poll();
followEvents();
