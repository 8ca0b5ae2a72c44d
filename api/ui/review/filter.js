// Which violations the visitor wants to see.

import { $, plain } from "../page.js";
import { decision } from "./words.js";

export function fits({ name, stream, review }) {
  const text = [name, plain(name), decision(review), review?.comment ?? ""].join(" ").toLowerCase();
  const wanted = $("decision").value;
  return text.includes($("search").value.trim().toLowerCase())
    && (!$("stream").value || stream === $("stream").value)
    && (!wanted || wanted === (review?.state ?? "open"));
}

// Offer each stream that has violations.
export function fillStreams(violations) {
  const known = [...$("stream").options].map(({ value }) => value);
  for (const stream of new Set(violations.map((each) => each.stream))) {
    if (!known.includes(stream)) $("stream").append(new Option(plain(stream), stream));
  }
}
