// The list of events, newest first, as the daemon tells them; after a lost connection it goes on where it was.

import { lasted } from "../moments.js";
import { $, element, follow, plain } from "../page.js";

const MOST_EVENTS = 300;
const EARLIER_EVENTS = 200;
const MARK = { start: "▲", update: "·", end: "▼" };

export function followEvents() {
  return follow(null, -EARLIER_EVENTS, showEvent, (live) => { $("stream").textContent = live ? "live" : "reconnecting"; });
}

function gapEvent({ missed }) {
  const name = missed ? `${missed} events are no longer kept` : "earlier events are no longer kept";
  return { type: "gap", state: "update", name, session_id: "", data: {} };
}

function showEvent(told) {
  const event = told.type === "gap" ? gapEvent(told) : told;
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
  $("no-events")?.remove();
  $("events").prepend(item);
  while ($("events").childElementCount > MOST_EVENTS) $("events").lastElementChild.remove();
}

function details({ data, session_id, state }) {
  const length = state === "end" && data.duration_s !== undefined ? lasted(data.duration_s) : "";
  return [data.direction, length, data.kind, plain(data.reason ?? ""), session_id].filter(Boolean).join(" · ");
}
