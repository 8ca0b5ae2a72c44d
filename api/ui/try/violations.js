// The list of violations, newest first: when each began, how soon that was told, how long it lasted, and its review.

import { $, element, plain } from "../page.js";

const open = new Map(); // by name

export function showViolation(violation) {
  if (violation.state === "start") begin(violation);
  else if (violation.state === "end") end(violation);
  $("none").hidden = true;
}

function begin({ session_id, seq, name, captured_at }) {
  const item = element("li", "", "open");
  const at = new Date(captured_at * 1000);
  const told = element("span", `told ${((Date.now() - at) / 1000).toFixed(1)} s after`);
  const review = element("a", "Review");
  review.href = `/review?${new URLSearchParams({ session: session_id, violation: seq })}`;
  review.setAttribute("aria-label", `Review ${plain(name)}`);
  review.target = "_blank"; // the camera goes on here
  item.append(element("time", at.toLocaleTimeString()), element("b", plain(name)), told, element("i", "goes on"), review);
  open.set(name, item);
  $("violations").prepend(item);
}

function end({ name, data }) {
  const item = open.get(name);
  if (!item) return;
  item.className = "";
  item.querySelector("i").textContent = data.duration_s === undefined ? "over" : `${data.duration_s.toFixed(1)} s`;
  open.delete(name);
}

export function forgetViolations() {
  open.clear();
  $("violations").replaceChildren();
  $("none").hidden = false;
}
