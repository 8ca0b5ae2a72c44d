// A violation's snapshot and clip; while they are made that is said.

import { $, element, plain } from "../page.js";
import { fileOf, recordOf } from "./files.js";
import { withOverlay } from "./overlay.js";
import { SHA_256, short } from "./words.js";

const REASONS = { // why not all of it could be made
  no_media: "there was neither picture nor sound",
  disk_full: "the disk is full, or evidence takes as much of it as it may",
  disk_failed: "a file could not be written",
  encoder_failed: "the clip could not be encoded",
  overloaded: "too much was being made already",
  lost: "the recorder was away, or was started again meanwhile",
};

let asked = null; // the evidence that is wanted: an answer about another one comes too late
let shown = ""; // what is there: the same is not fetched again
let finished = null; // the evidence that is there and will not change
let addresses = [];

// Shows the evidence of a violation of this session; null: nothing is chosen.
export async function showEvidence(sessionId, violation) {
  const id = violation?.evidence_id ?? null;
  const before = asked;
  asked = id;
  if (id === null) return put("", violation ? [element("p", "No evidence was kept; the session's policy may ask for it.", "quiet")] : []);
  if (id === finished) return;
  if (id !== before) put("", [element("p", "Fetching the evidence …", "waiting quiet")]);
  try {
    await fetchEvidence(sessionId, id);
  } catch (error) {
    if (id === asked) put("", [element("p", whyNot(error), "quiet")]);
  }
}

async function fetchEvidence(sessionId, id) {
  const record = await recordOf(sessionId, id);
  const state = `${id} ${record.state} ${record.snapshot !== null} ${record.clip !== null}`;
  if (id !== asked || state === shown) return;
  const files = await Promise.all(["snapshot", "clip"].map((part) => record[part] && fileOf(record, part)));
  const [snapshot, clip] = files.map((file) => file?.address);
  const amiss = files.map((file) => file?.amiss).filter(Boolean);
  if (id !== asked) return release([snapshot, clip]);
  put(state, parts(record, snapshot, clip, amiss), [snapshot, clip]);
  if (record.state !== "pending") finished = id;
}

// Plays the clip, or holds it.
export function playClip() {
  const clip = $("evidence").querySelector("video");
  if (clip?.paused) clip.play().catch(() => {}); // another violation was chosen meanwhile
  else clip?.pause();
}

// Why a record cannot be had.
export function whyNot({ code, message }) {
  return code === "evidence_not_found" ? "The evidence of this violation is not kept any more." : message;
}

function put(state, content, used = []) {
  release(addresses);
  addresses = used;
  shown = state;
  finished = null;
  $("evidence").replaceChildren(...content);
}

function release(used) {
  for (const address of used) if (address) URL.revokeObjectURL(address);
}

function parts(record, snapshot, clip, amiss) {
  const about = [...amiss.map((words) => element("p", words, "amiss")), element("p", stateOf(record), "quiet")];
  const shown = clip ? film(clip, snapshot) : snapshot && picture(snapshot);
  return shown ? [...withOverlay(shown, record), ...about] : about;
}

// How it stands with a violation's evidence, in words.
export function stateOf({ state, reason, clip, snapshot, models, hash }) {
  if (state === "pending") return "Evidence is being made.";
  if (state === "failed") return `Not all evidence could be made: ${REASONS[reason] ?? plain(reason)}.`;
  const what = [snapshot && "Snapshot", clip && "clip"].filter(Boolean).join(" and ");
  const seenBy = Object.values(models).map(({ name }) => name).join(", ");
  return [`${what || "Record"} of the violation`, seenBy && `seen by ${seenBy}`, `${SHA_256} ${short(hash)}`].filter(Boolean).join(" · ");
}

function picture(address) {
  return Object.assign(element("img"), { src: address, alt: "The picture at the violation's start" });
}

function film(address, poster) {
  const video = element("video");
  Object.assign(video, { src: address, controls: true, playsInline: true, preload: "auto" });
  video.setAttribute("aria-label", "Some seconds before and after the violation's start");
  if (poster) video.poster = poster;
  return video;
}
