// The violation that is chosen: what is known of it, its evidence, and what people say of it.

import { $, element, meaningOf, plain } from "../page.js";
import { showEvidence } from "./evidence.js";
import { day } from "../moments.js";
import { decision, howLong } from "./words.js";

const HIDDEN = ["start_s", "end_s", "media_s", "duration_s"]; // of the data: told in clock time above

const drafts = new Map(); // seq → a comment that is written and not sent: going to another violation keeps it

let chosen = null; // the seq that the comment belongs to

export function showChosen(sessionId, violation) {
  $("chosen").hidden = violation === null;
  if (violation === null) return;
  chosen = violation.seq;
  $("chosen-title").textContent = plain(violation.name);
  $("meaning").replaceChildren(meaningOf(violation.name));
  $("facts").replaceChildren(...facts(violation).flatMap(([name, value]) => [element("dt", name), element("dd", value)]));
  showComment(drafts.get(chosen) ?? violation.review?.comment ?? ""); // another reviewer's too
  for (const button of $("judge").querySelectorAll("[data-state]")) {
    button.setAttribute("aria-pressed", button.dataset.state === (violation.review?.state ?? "open"));
  }
  showEvidence(sessionId, violation);
}

export function forgetDraft(seq) {
  drafts.delete(seq);
}

// The cursor stays where nothing changes.
function showComment(text) {
  if ($("comment").value !== text) $("comment").value = text;
}

function facts(violation) {
  const { stream, severity, confidence, started_at, review, data } = violation;
  return [
    ["started", day(started_at)],
    ["lasted", howLong(violation)],
    ["stream", plain(stream)],
    ["severity", severity],
    ["confidence", `${Math.round(100 * confidence)} %`],
    ["review", review === null ? decision(review) : `${decision(review)}, ${day(review.at)}`],
    ...Object.entries(data).filter(([name, value]) => !HIDDEN.includes(name) && isPlain(value)).map(([name, value]) => [plain(name), shown(value)]),
  ];
}

function isPlain(value) {
  return value !== null && typeof value !== "object";
}

function shown(value) {
  return typeof value === "number" ? String(Math.round(1000 * value) / 1000) : plain(String(value));
}

$("comment").addEventListener("input", () => drafts.set(chosen, $("comment").value));
