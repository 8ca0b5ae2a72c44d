// The review queue: sessions, those first that need a look, a page at a time, as the filter wants them.

import { $, argusd, tell } from "../page.js";
import { fillItem, newItem } from "./session_item.js";

const PAGE = 20;
const WAIT_MS = 300; // after the last letter

const kept = history.state ?? {}; // what was looked at before the visitor went to a review and came back
let pages = kept.pages ?? [""]; // where each page up to the one that is shown begins: behind which session
let next = null; // where the following one does
let asked = 0; // the newest question: an answer to an older one comes too late
const items = new Map(); // session id → its item, which stays, so that the focus does

export async function showSessions() {
  const question = ++asked;
  const query = new URLSearchParams({ show: $("show").value, search: $("search").value.trim(), after: pages.at(-1), limit: PAGE });
  const queue = await argusd.json(`/reviews?${query}`);
  if (question === asked) show(queue);
}

function show({ sessions, live, waiting, total, before, next: following, hosts_missing: missing = [] }) {
  next = following;
  if (sessions.length === 0 && pages.length > 1) return goBack(); // fewer than there were
  $("live").textContent = live;
  $("waiting").textContent = waiting ? `${waiting} to look at` : "";
  $("missing").hidden = missing.length === 0;
  tell("missing", missing.length ? `Sessions of hosts that do not answer are not listed: ${missing.join(", ")}.` : "");
  const filtered = $("search").value !== "" || $("show").value !== "all";
  $("no-sessions").hidden = total > 0 || filtered;
  $("none-fits").hidden = total > 0 || !filtered;
  showItems(sessions);
  $("pager").hidden = total <= PAGE;
  tell("which", `${before + 1}–${before + sessions.length} of ${total}`);
  $("earlier").disabled = pages.length === 1;
  $("later").disabled = next === null;
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

function goOn() {
  if (next !== null) pages.push(next);
  next = null; // not known before the answer
  askSoon();
}

function goBack() {
  if (pages.length > 1) pages.pop();
  askSoon();
}

let planned = null;
function askSoon() {
  asked += 1;
  clearTimeout(planned);
  planned = setTimeout(() => {
    history.replaceState({ pages, search: $("search").value, show: $("show").value }, "");
    showSessions().catch(() => {}); // what fails is told by the next one
  }, WAIT_MS);
}

$("search").value = kept.search ?? "";
$("show").value = kept.show ?? "all";

$("find").addEventListener("submit", (told) => told.preventDefault());
$("find").addEventListener("input", () => { pages = [""]; askSoon(); });
$("earlier").addEventListener("click", goBack);
$("later").addEventListener("click", goOn);
