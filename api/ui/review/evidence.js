// A violation's snapshot and clip, fetched under the visitor's token; while they are made that is said.

import { $, argusd, element, plain } from "../page.js";

const HASH_DIGITS = 12;

let shown = ""; // what is there: the same is not fetched again
let finished = null; // the evidence that is there and will not change
let addresses = [];

// Shows the evidence of a violation of this session; null: nothing is chosen.
export async function showEvidence(sessionId, violation) {
  const id = violation?.evidence_id ?? null;
  if (id === null) return put("", violation ? [element("p", "No evidence was kept; the session's policy may ask for it.", "quiet")] : []);
  if (id === finished) return;
  const path = `/sessions/${encodeURIComponent(sessionId)}/evidence/${encodeURIComponent(id)}`;
  try {
    const record = await argusd.json(path);
    const state = `${id} ${record.state} ${record.snapshot !== null} ${record.clip !== null}`;
    if (state !== shown) put(state, await parts(path, record));
    if (record.state !== "pending") finished = id;
  } catch (error) {
    put("", [element("p", error.message, "quiet")]);
  }
}

// Plays the clip, or holds it.
export function playClip() {
  const clip = $("evidence").querySelector("video");
  if (clip?.paused) clip.play();
  else clip?.pause();
}

function put(state, content) {
  for (const address of addresses.splice(0)) if (!content.some((each) => each.src === address)) URL.revokeObjectURL(address);
  addresses = content.map((each) => each.src).filter(Boolean);
  shown = state;
  finished = null;
  $("evidence").replaceChildren(...content);
}

async function parts(path, record) {
  const about = element("p", stateOf(record), "quiet");
  const snapshot = record.snapshot && await picture(`${path}/snapshot`);
  const clip = record.clip && await film(`${path}/clip`, snapshot?.src);
  return [clip ?? snapshot, about].filter(Boolean);
}

function stateOf({ state, reason, clip, snapshot, models, hash }) {
  if (state === "pending") return "Evidence is being made.";
  if (state === "failed") return `Not all evidence could be made: ${plain(reason)}.`;
  const what = [snapshot && "Snapshot", clip && "clip"].filter(Boolean).join(" and ");
  const seenBy = Object.values(models).map(({ name }) => name).join(", ");
  return [`${what || "Record"} of the violation`, seenBy && `seen by ${seenBy}`, `SHA-256 ${hash.slice(0, HASH_DIGITS)}…`].filter(Boolean).join(" · ");
}

async function picture(path) {
  const image = element("img");
  image.src = await fetched(path);
  image.alt = "The picture at the violation's start";
  return image;
}

async function film(path, poster) {
  const video = element("video");
  Object.assign(video, { src: await fetched(path), controls: true, playsInline: true, preload: "auto" });
  video.setAttribute("aria-label", "Some seconds before and after the violation's start");
  if (poster) video.poster = poster;
  return video;
}

async function fetched(path) {
  const response = await argusd.request(path);
  return URL.createObjectURL(await response.blob());
}
