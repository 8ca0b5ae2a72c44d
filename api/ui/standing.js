// Whether the daemon does its work, and what it lacks: beside the page's name, and in the list of reasons.

import { $, element, plain, showState } from "./page.js";

export function showReadiness({ ready, reasons, degraded }) {
  show(ready ? "ready" : "not ready", ready, [...reasons, ...degraded]);
}

// Why it cannot be known.
export function showFailure({ code = "error of this page", message }) {
  show(plain(code), false, [message]);
}

function show(words, ready, reasons) {
  showState(words, ready ? "ready" : "unready");
  $("reasons").replaceChildren(...reasons.map((reason) => element("li", reason)));
}
