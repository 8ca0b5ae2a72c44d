// The list of violations, in the order of time; each is a button that chooses it. The tab key stops at one of them,
// at the chosen one, and goes on to what is known of it; arrows go through the list.

import { $, element, plain, tell } from "../page.js";
import { moment } from "../moments.js";
import { decision, howLong } from "./words.js";

const NARROW = matchMedia("(max-width: 820px)"); // as style.css has it

let reached = null; // the button at which the tab key stops
const items = new Map(); // seq → its item, which stays the same, so that the focus stays where it is
const told = new Map(); // seq → what its item says, which is written only where it is new

export function showViolations({ report, chosen, fits, hears }) {
  const shown = report.violations.filter(fits);
  for (const violation of report.violations) {
    if (!items.has(violation.seq)) items.set(violation.seq, made(violation.seq, hears));
    fill(items.get(violation.seq).firstChild, violation);
  }
  const wanted = shown.map(({ seq }) => items.get(seq));
  if (wanted.length !== $("violations").children.length || wanted.some((item, at) => item !== $("violations").children[at])) {
    $("violations").replaceChildren(...wanted);
  }
  markInList(chosen);
  $("none").hidden = shown.length > 0;
  $("none").textContent = report.violations.length ? "No violation fits the filter." : "No violation so far.";
  tell("count", shown.length === report.violations.length ? `${shown.length}` : `${shown.length} of ${report.violations.length}`);
}

// Bring into sight what is chosen: its place in the list, or on a phone, where the list lies below, itself.
export function reveal(seq) {
  const button = items.get(seq)?.firstChild;
  if ($("violations").contains(document.activeElement)) button?.focus({ preventScroll: true });
  if (NARROW.matches) $("chosen").scrollIntoView();
  else button?.scrollIntoView({ block: "nearest" });
}

function made(seq, hears) {
  const item = element("li");
  const button = element("button");
  Object.assign(button, { type: "button", tabIndex: -1 });
  button.addEventListener("click", () => hears(seq));
  item.append(button);
  return item;
}

function fill(button, violation) {
  const { seq, name, stream, severity, started_at, review } = violation;
  const said = JSON.stringify(violation);
  if (told.get(seq) === said) return;
  told.set(seq, said);
  button.className = severity;
  button.replaceChildren(
    moment(started_at),
    element("b", plain(name)),
    element("span", [plain(stream), howLong(violation), severity].join(" · ")),
    element("span", decision(review), `decision ${review?.state ?? "open"}`),
    ...(review?.comment ? [element("q", review.comment)] : []),
  );
}

// The chosen one; where the filter hides it the tab key stops at the first that is shown.
export function markInList(chosen) {
  $("violations").querySelector("[aria-current]")?.removeAttribute("aria-current");
  const item = items.get(chosen);
  item?.firstChild.setAttribute("aria-current", true);
  if (reached) reached.tabIndex = -1;
  reached = (item?.isConnected ? item : $("violations").firstChild)?.firstChild ?? null;
  if (reached) reached.tabIndex = 0;
}
