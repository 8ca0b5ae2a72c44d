// The list of violations, newest first: when each began, how soon that was told, how long it lasted, and its review.

import { lasted, milliseconds, moment } from "../moments.js";
import { $, element, meaningOf, plain, reviewOf } from "../page.js";

const MOST = 200; // in the list; the oldest goes

const SINCE = performance.timeOrigin / 1000; // what began before was told to another page, or before it was loaded again

const open = new Map(); // by name

export function showViolation(violation) {
  if (violation.state === "start") begin(violation);
  else if (violation.state === "end") end(violation);
  $("none").hidden = true;
}

function begin({ session_id, seq, name, captured_at }) {
  const item = element("li", "", "open");
  const about = element("span", captured_at < SINCE ? "" : `told ${milliseconds(Date.now() / 1000 - captured_at)} after · `);
  about.append(meaningOf(name));
  const review = element("a", "Review");
  review.href = reviewOf(session_id, seq);
  review.setAttribute("aria-label", `Review ${plain(name)}`);
  review.target = "_blank"; // the camera goes on here
  item.append(moment(captured_at), element("b", plain(name)), about, element("i", "goes on"), review);
  open.set(name, item);
  $("violations").prepend(item);
  if ($("violations").childElementCount > MOST) $("violations").lastElementChild.remove();
}

function end({ name, data }) {
  const item = open.get(name);
  if (!item) return;
  item.className = "";
  item.querySelector("i").textContent = data.duration_s === undefined ? "over" : lasted(data.duration_s);
  open.delete(name);
}

export function forgetViolations() {
  open.clear();
  $("violations").replaceChildren();
  $("none").hidden = false;
}
