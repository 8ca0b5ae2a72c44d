// The list of events, newest first, as the daemon tells them; after a lost connection it goes on where it was.

import { $, element, get, plain } from "./page.js";

const MOST_EVENTS = 300;
const EARLIER_EVENTS = 200;
const RETRY_MS = 1000;
const MARK = { start: "▲", update: "·", end: "▼" };

let lastEventId = "";

export async function followEvents() {
  for (;;) {
    try {
      const response = await get(`/events?after=${lastEventId || -EARLIER_EVENTS}`);
      if (response.ok) {
        $("stream").textContent = "live";
        await readEvents(response.body.pipeThrough(new TextDecoderStream()).getReader());
      }
    } catch { /* the daemon is away; we try again */ }
    $("stream").textContent = "reconnecting";
    await new Promise((done) => setTimeout(done, RETRY_MS));
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
  if (event.type === "observation" && event.name !== "speech") return;
  const item = element("li");
  const at = new Date((event.captured_at ?? Date.now() / 1000) * 1000);
  const kind = event.type === "violation" ? `violation ${event.severity}` : event.type;
  item.append(
    element("time", at.toLocaleTimeString()),
    element("span", MARK[event.state], kind),
    element("span", plain(event.name), kind),
    element("span", details(event), "detail"),
  );
  $("events").prepend(item);
  while ($("events").childElementCount > MOST_EVENTS) $("events").lastElementChild.remove();
}

function details({ data, session_id, state }) {
  const lasted = state === "end" && data.duration_s !== undefined ? `${data.duration_s.toFixed(1)} s` : "";
  return [data.direction, lasted, data.kind, plain(data.reason ?? ""), session_id].filter(Boolean).join(" · ");
}
