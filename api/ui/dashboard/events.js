// The list of events, newest first, as the daemon tells them; after a lost connection it goes on where it was.

import { lasted, moment } from "../moments.js";
import { $, element, follow, plain, reviewOf } from "../page.js";

const MOST_EVENTS = 300;
const EARLIER_EVENTS = 200;
const MARK = { start: "▲", update: "·", end: "▼" };

export function followEvents() {
  return follow(null, -EARLIER_EVENTS, showEvent, (live) => { $("stream").textContent = live ? "live" : "connecting again"; });
}

function gapEvent({ missed }) {
  const name = missed ? `${missed} events are no longer kept` : "earlier events are no longer kept";
  return { type: "gap", state: "update", name, session_id: "", data: {} };
}

function showEvent(told) {
  const event = told.type === "gap" ? gapEvent(told) : told;
  if (event.type === "observation" && event.name !== "speech") return;
  const item = element("li");
  const kind = event.type === "violation" ? `violation ${event.severity}` : event.type;
  item.append(
    moment(event.captured_at ?? Date.now() / 1000),
    element("span", MARK[event.state], kind),
    element("span", plain(event.name), kind),
    details(event),
  );
  $("no-events")?.remove();
  $("events").prepend(item);
  while ($("events").childElementCount > MOST_EVENTS) $("events").lastElementChild.remove();
}

function details({ type, data, session_id, seq, state }) {
  const length = state === "end" && data.duration_s !== undefined ? lasted(data.duration_s) : "";
  const said = element("span", [data.direction, length, data.kind, plain(data.reason ?? "")].filter(Boolean).join(" · "), "detail");
  if (!session_id) return said;
  const review = element("a", session_id);
  review.href = reviewOf(session_id, type === "violation" && state === "start" ? seq : "");
  said.append(said.textContent && " · ", review);
  return said;
}
