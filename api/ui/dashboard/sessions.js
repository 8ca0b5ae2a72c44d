// The review queue: sessions, those first that need a look, a page at a time, as the filter wants them.

import { $, argusd } from "../page.js";
import { fillItem, newItem } from "./session_item.js";

const PAGE = 20;
const WAIT_MS = 300; // after the last letter

let offset = 0;
let total = 0;
let asked = 0; // the newest question: an answer to an older one comes too late
const items = new Map(); // session id → its item, which stays, so that the focus does

export async function showSessions() {
  const question = ++asked;
  const query = new URLSearchParams({ show: $("show").value, search: $("search").value.trim(), offset, limit: PAGE });
  const queue = await argusd.json(`/reviews?${query}`);
  if (question === asked) show(queue);
}

function show({ sessions, live, waiting, total: found }) {
  total = found;
  if (sessions.length === 0 && total > 0) return turn(offset - total); // fewer than there were: to the last page
  $("live").textContent = live;
  $("waiting").textContent = waiting ? `${waiting} to look at` : "";
  const filtered = $("search").value !== "" || $("show").value !== "all";
  $("no-sessions").hidden = total > 0 || filtered;
  $("none-fits").hidden = total > 0 || !filtered;
  showItems(sessions);
  $("pager").hidden = total <= PAGE;
  $("which").textContent = `${offset + 1}–${offset + sessions.length} of ${total}`;
  $("earlier").disabled = offset === 0;
  $("later").disabled = offset + PAGE >= total;
}

function showItems(sessions) {
  const shown = new Set(sessions.map(({ session_id }) => session_id));
  for (const [id, item] of items) if (!shown.has(id)) { item.remove(); items.delete(id); }
  sessions.forEach((session, place) => {
    const id = session.session_id;
    if (!items.has(id)) items.set(id, newItem(id));
    fillItem(items.get(id), session);
    const there = $("sessions").children[place];
    if (there !== items.get(id)) $("sessions").insertBefore(items.get(id), there ?? null);
  });
}

// So many sessions on or back, never before the first or behind the last page.
function turn(by) {
  const last = Math.floor(Math.max(0, total - 1) / PAGE) * PAGE;
  offset = Math.min(last, Math.max(0, offset + by));
  askSoon();
}

let planned = null;
function askSoon() {
  clearTimeout(planned);
  planned = setTimeout(() => showSessions().catch(() => {}), WAIT_MS); // what fails is told by the next one
}

$("find").addEventListener("submit", (told) => told.preventDefault());
$("find").addEventListener("input", () => { offset = 0; askSoon(); });
$("earlier").addEventListener("click", () => turn(-PAGE));
$("later").addEventListener("click", () => turn(PAGE));
