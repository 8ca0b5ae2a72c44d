// What keys do, unless somebody writes just now or does not want it. The choice is remembered. A key that is held
// goes on through the list, and does nothing else again.

import { $, element } from "../page.js";

const REMEMBERED = "review keys";
const HELD = ["j", "k"];

// `does`: key → [what it does in words, the function].
export function listenToKeys(does) {
  $("key-list").replaceChildren(...Object.entries(does).flatMap(([key, [words]]) => [element("dt", key), element("dd", words)]));
  $("use-keys").checked = localStorage.getItem(REMEMBERED) !== "off";
  $("use-keys").addEventListener("change", () => localStorage.setItem(REMEMBERED, $("use-keys").checked ? "on" : "off"));
  addEventListener("keydown", (pressed) => {
    if (!$("use-keys").checked || isMeantForOthers(pressed) || !Object.hasOwn(does, pressed.key)) return;
    pressed.preventDefault();
    if (pressed.repeat && !HELD.includes(pressed.key)) return;
    does[pressed.key][1]();
  });
}

function isMeantForOthers({ target, ctrlKey, metaKey, altKey }) {
  return ctrlKey || metaKey || altKey || target.matches?.("input, textarea, select, video")
    || document.querySelector("dialog[open]") !== null;
}
