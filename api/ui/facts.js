// What is seen and heard right now, in words.

import { plain } from "./page.js";

// ``told``: names of streams and their newest results.
export function facts(told) {
  return told.flatMap(([name, stream]) => factsOf(name, stream)).join(" · ");
}

// What a stream's data say, by their fields.
const TELLERS = [
  ["face_count", ({ face_count }) => (face_count === 1 ? "1 face" : `${face_count} faces`)],
  ["gaze", ({ gaze, face_count }) => gaze && face_count !== 0 && `looks ${gaze.direction}`], // the last face's, where it has gone
  ["objects", ({ objects }) => [...new Set(objects.map((thing) => thing.label))].join(", ")],
  ["rms", ({ has_speech }) => (has_speech ? "speech" : "silence")],
  ["offset_ms", synchrony],
];

function factsOf(name, { state, data }) {
  if (state === "unknown") return [`${plain(name)} unknown`];
  const telling = TELLERS.filter(([field]) => field in data);
  return telling.length ? telling.map(([, tell]) => tell(data)).filter(Boolean) : [plain(name)];
}

function synchrony({ offset_ms, violations }) {
  if (offset_ms === null) return "";
  if (!violations.length) return "lips in sync";
  return `voice ${Math.abs(offset_ms)} ms ${offset_ms > 0 ? "late" : "early"}`;
}
