// The review page: shows a session's report, and fetches it again when an event says that it has changed.
// One stream of events stays open; the report is asked for once a second at most.

import { sessionPath } from "../argusd.js";
import { $, argusd, plain, showState } from "../page.js";
import { checkEvidence } from "./chain.js";
import { forgetDraft, showChosen } from "./chosen.js";
import { playClip } from "./evidence.js";
import { save } from "./exports.js";
import { listenToKeys } from "./keys.js";
import { isActive, isOpen, showSummary } from "./summary.js";
import { drawTimeline } from "./timeline.js";
import { decision, reveal, showViolations } from "./violations.js";

const EVERY_MS = 1000; // at most so often is the report asked for
const PAPER_PX = 560; // the timeline's width on A4 or letter paper

const asked = new URLSearchParams(location.search);
const sessionId = asked.get("session");
let report = null;
let chosen = Number(asked.get("violation")) || null; // its seq
let away = false; // whether events have ceased to come
let judging = false;

async function load() {
  const first = report === null;
  report = await argusd.json(`${sessionPath(sessionId)}/report`);
  if (!report.violations.some(({ seq }) => seq === chosen)) chosen = report.violations.find(isOpen)?.seq ?? report.violations[0]?.seq ?? null;
  $("content").hidden = false;
  $("problem").hidden = true;
  $("check").hidden = !report.violations.some(({ evidence_id }) => evidence_id);
  fillStreams();
  showSummary(report);
  show();
  showChosen(sessionId, chosenViolation());
  if (first && asked.has("violation")) reveal(chosen);
}

// The list and the timeline, as the filter wants them.
function show() {
  showViolations(view());
  drawTimeline(view());
}

function view() {
  return { report, chosen, fits, hears: choose, until: Date.now() / 1000 };
}

function chosenViolation() {
  return report.violations.find(({ seq }) => seq === chosen) ?? null;
}

function fits(violation) {
  const { name, stream, review } = violation;
  const text = [name, plain(name), decision(review), review?.comment ?? ""].join(" ").toLowerCase();
  const wanted = $("decision").value;
  return text.includes($("search").value.trim().toLowerCase())
    && (!$("stream").value || stream === $("stream").value)
    && (!wanted || wanted === (review?.state ?? "open"));
}

function fillStreams() {
  const known = [...$("stream").options].map(({ value }) => value);
  for (const stream of new Set(report.violations.map((each) => each.stream))) {
    if (!known.includes(stream)) $("stream").append(new Option(plain(stream), stream));
  }
}

function choose(seq) {
  chosen = seq;
  $("judged").textContent = "";
  show();
  showChosen(sessionId, chosenViolation());
  reveal(seq);
}

// The next of those that are shown, or the one before.
function step(by, wanted = () => true) {
  const shown = report.violations.filter((each) => fits(each) && (wanted(each) || each.seq === chosen));
  const at = shown.findIndex(({ seq }) => seq === chosen);
  const next = shown[at < 0 ? 0 : Math.min(Math.max(at + by, 0), shown.length - 1)];
  if (next) choose(next.seq);
}

// A decision is about the violation that is shown: while one is being stored there is no other.
async function judge(state) {
  const violation = chosenViolation();
  if (violation === null || judging) return;
  judging = true;
  localStorage.setItem("reviewer", $("reviewer").value);
  const json = { state, comment: $("comment").value, reviewer: $("reviewer").value };
  try {
    violation.review = await argusd.json(`${sessionPath(sessionId)}/reviews/${violation.seq}`, { method: "PUT", json });
    forgetDraft(violation.seq);
    if (state === "open") choose(violation.seq);
    else step(1, isOpen);
    showSummary(report);
    $("judged").textContent = `${plain(violation.name)}: ${decision(violation.review)}`;
  } catch (error) {
    $("judged").textContent = error.message;
  }
  judging = false;
}

async function remove() {
  $("sure").showModal();
  await new Promise((closed) => $("sure").addEventListener("close", closed, { once: true }));
  if ($("sure").returnValue === "delete") await orSay(() => argusd.deleteSession(sessionId));
}

async function orSay(doing) {
  try {
    await doing();
  } catch (error) {
    say(error.message);
  }
}

function say(sentence) {
  $("problem").textContent = sentence;
  $("problem").hidden = false;
}

function gone() {
  $("content").hidden = true;
  showState("gone");
  say("There is no such session: it was never there, or all of it is deleted.");
}

// Until the session is gone; also before the visitor has signed in.
async function follow() {
  for (;;) {
    try {
      await load();
      for await (const event of argusd.events(sessionId, { after: report.seq, onstate: hear })) if (changesReport(event)) loadSoon();
    } catch (error) {
      if (error.status === 404) return gone();
      say(error.message);
    }
    await new Promise((done) => setTimeout(done, EVERY_MS));
  }
}

// Whether events come: what has happened without them is asked for.
function hear(live) {
  if (live && away) loadSoon();
  away = !live;
  if (away) showState("connecting again", "unready");
}

function changesReport({ type, state }) {
  return type !== "observation" || state !== "update";
}

let planned = false;
function loadSoon() {
  if (planned) return;
  planned = true;
  setTimeout(() => { planned = false; load().catch(() => {}); }, EVERY_MS); // what fails is told by the stream as well
}

listenToKeys({
  j: ["next violation", () => step(1)],
  k: ["previous violation", () => step(-1)],
  n: ["next one to decide", () => step(1, isOpen)],
  p: ["play or hold the clip", playClip],
  b: ["show what was found in the picture", () => $("overlay")?.click()],
  a: ["acknowledge", () => judge("acknowledged")],
  d: ["dismiss", () => judge("dismissed")],
  o: ["leave open", () => judge("open")],
  c: ["comment", () => $("comment").focus()],
  "/": ["search", () => $("search").focus()],
  "?": ["show these keys", () => $("keys").showModal()],
});
for (const button of $("judge").querySelectorAll("[data-state]")) button.addEventListener("click", () => judge(button.dataset.state));
for (const kind of ["csv", "json"]) $(kind).addEventListener("click", () => orSay(() => save(sessionId, kind)));
for (const event of ["input", "submit"]) $("filter").addEventListener(event, (told) => { told.preventDefault(); show(); });
$("judge").addEventListener("submit", (told) => told.preventDefault());
$("print").addEventListener("click", () => print());
$("check").addEventListener("click", () => orSay(async () => {
  $("checked").textContent = await checkEvidence(sessionId, report.violations);
}));
addEventListener("beforeprint", () => report && drawTimeline({ ...view(), pixels: PAPER_PX }));
addEventListener("afterprint", () => report && drawTimeline(view()));
$("show-keys").addEventListener("click", () => $("keys").showModal());
$("delete").addEventListener("click", remove);
$("reviewer").value = localStorage.getItem("reviewer") ?? "";
setInterval(() => { if (report && isActive(report)) drawTimeline(view()); }, EVERY_MS); // time goes on, though nothing happens

if (!sessionId) {
  showState("no session");
  $("nobody").hidden = false;
} else {
  showState("connecting");
  document.title = $("title").textContent = `Review of ${sessionId}`;
  follow();
}
