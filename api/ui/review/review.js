// The review page: shows a session's report as it is now, what is chosen of it, and takes what people decide.

import { sessionPath } from "../argusd.js";
import { $, argusd, plain, reviewOf, showProblem, showState, tell } from "../page.js";
import { checkEvidence } from "./chain.js";
import { forgetDraft, showChosen } from "./chosen.js";
import { playClip } from "./evidence.js";
import { save } from "./exports.js";
import { fillStreams, fits } from "./filter.js";
import { follow } from "./following.js";
import { listenToKeys } from "./keys.js";
import { layOut, printReport } from "./paper.js";
import { isActive, showSummary } from "./summary.js";
import { drawTimeline, markInTimeline } from "./timeline.js";
import { markInList, reveal, showViolations } from "./violations.js";
import { decision, isOpen } from "./words.js";

const REDRAWN_EVERY_MS = 1000; // the timeline, while time goes on
const NOTED_AFTER_MS = 500;
const PAPER_PX = 560; // the timeline's width on A4 or letter paper
const NOT_KEPT = "The violation that this address names is not kept any more. These are the session's others.";
const NOTHING = { violations: [] }; // before there is a report
const ARROWS = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };

const asked = new URLSearchParams(location.search);
const sessionId = asked.get("session");
let report = NOTHING;
let chosen = Number(asked.get("violation")) || null; // its seq
let sentence = ""; // a problem that stays until something is chosen
let judging = false;

function hear(told) {
  const first = report === NOTHING;
  const before = find(chosen);
  report = told;
  if (!find(chosen)) {
    if (first && asked.has("violation")) sentence = NOT_KEPT;
    chosen = report.violations.find(isOpen)?.seq ?? report.violations[0]?.seq ?? null;
  }
  $("content").hidden = false;
  showProblem(sentence);
  $("check").hidden = !report.violations.some(({ evidence_id }) => evidence_id);
  fillStreams(report.violations);
  showSummary(report);
  show();
  const now = find(chosen);
  showChosen(sessionId, now);
  if (before?.seq === now?.seq && before?.review?.at !== now?.review?.at) tellDecision(now); // somebody else has decided
  if (first && asked.has("violation")) reveal(chosen);
}

function find(wanted) {
  return report.violations.find(({ seq }) => seq === wanted) ?? null;
}

// The list and the timeline, as the filter wants them.
function show() {
  showViolations(view());
  drawTimeline(view());
}

// The timeline is drawn for its width.
function redraw() {
  if (report !== NOTHING) drawTimeline(view());
}

function view() {
  return { report, chosen, fits, hears: choose, until: Date.now() / 1000 };
}

function choose(seq) {
  chosen = seq;
  if (sentence) showProblem("");
  sentence = "";
  tell("judged", "");
  markInList(seq);
  markInTimeline(seq);
  showChosen(sessionId, find(chosen));
  reveal(seq);
  noteSoon();
}

// The page's address leads to what is chosen. Browsers let it change only so often.
let noting = null;
function noteSoon() {
  clearTimeout(noting);
  noting = setTimeout(() => history.replaceState(null, "", reviewOf(sessionId, chosen)), NOTED_AFTER_MS);
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
  const violation = find(chosen);
  if (violation === null || judging) return;
  judging = true;
  localStorage.setItem("reviewer", $("reviewer").value);
  const json = { state, comment: $("comment").value, reviewer: $("reviewer").value };
  try {
    violation.review = await argusd.json(`${sessionPath(sessionId)}/reviews/${violation.seq}`, { method: "PUT", json });
    forgetDraft(violation.seq);
    show();
    if (state === "open") choose(violation.seq);
    else step(1, isOpen);
    showSummary(report);
    tellDecision(violation);
  } catch (error) {
    tell("judged", error.message);
  }
  judging = false;
}

function tellDecision({ name, review }) {
  tell("judged", `${plain(name)}: ${decision(review)}`);
}

async function remove() {
  $("sure").returnValue = ""; // whatever was answered last time
  $("sure").showModal();
  await new Promise((closed) => $("sure").addEventListener("close", closed, { once: true }));
  if ($("sure").returnValue === "delete") await argusd.deleteSession(sessionId);
}

async function orSay(doing) {
  try {
    await doing();
  } catch (error) {
    showProblem(error.message);
  }
}

function gone() {
  $("content").hidden = true;
  showState("gone");
  showProblem("There is no such session: it was never there, or all of it is deleted.");
}

listenToKeys({
  j: ["next violation (↓ in the list)", () => step(1)],
  k: ["previous violation (↑ in the list)", () => step(-1)],
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
$("violations").addEventListener("keydown", (pressed) => {
  if (!(pressed.key in ARROWS)) return;
  pressed.preventDefault();
  step(ARROWS[pressed.key]);
});
for (const button of $("judge").querySelectorAll("[data-state]")) button.addEventListener("click", () => judge(button.dataset.state));
for (const kind of ["csv", "json"]) $(kind).addEventListener("click", () => orSay(() => save(sessionId, kind)));
for (const event of ["input", "submit"]) $("filter").addEventListener(event, (told) => { told.preventDefault(); show(); });
$("judge").addEventListener("submit", (told) => told.preventDefault());
$("print").addEventListener("click", () => printReport(sessionId, report.violations.filter(fits)));
$("check").addEventListener("click", () => orSay(async () => {
  tell("checked", await checkEvidence(sessionId, report.violations));
}));
addEventListener("beforeprint", () => {
  if (report === NOTHING) return;
  drawTimeline({ ...view(), pixels: PAPER_PX });
  layOut(report.violations.filter(fits));
});
for (const event of ["afterprint", "resize"]) addEventListener(event, redraw);
$("show-keys").addEventListener("click", () => $("keys").showModal());
$("delete").addEventListener("click", () => orSay(remove));
$("reviewer").value = localStorage.getItem("reviewer") ?? "";
setInterval(() => { if (isActive(report)) drawTimeline(view()); }, REDRAWN_EVERY_MS); // though nothing happens

if (!sessionId) {
  showState("no session");
  $("nobody").hidden = false;
} else {
  showState("connecting");
  document.title = $("title").textContent = `Review of ${sessionId}`;
  follow(sessionId, hear, gone);
}
