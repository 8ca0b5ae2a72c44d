// The list of violations, newest first: when each began, how soon that was told, and how long it lasted.

import { $, element, plain } from "../page.js";

const open = new Map(); // by name

export function showViolation({ name, state, captured_at, data }) {
  if (state === "start") {
    const item = element("li", "", "open");
    const at = new Date(captured_at * 1000);
    const told = `told after ${((Date.now() - at) / 1000).toFixed(1)} s`;
    item.append(element("time", at.toLocaleTimeString()), element("b", plain(name)), element("span", told));
    open.set(name, item);
    $("violations").prepend(item);
  } else if (state === "end" && open.has(name)) {
    const item = open.get(name);
    item.className = "";
    item.lastElementChild.textContent = data.duration_s === undefined ? "over" : `${data.duration_s.toFixed(1)} s`;
    open.delete(name);
  }
  showWhetherAny();
}

export function forgetViolations() {
  open.clear();
  $("violations").replaceChildren();
  showWhetherAny();
}

function showWhetherAny() {
  const none = $("violations").childElementCount === 0;
  $("none").hidden = !none;
  $("forget").hidden = none;
}
