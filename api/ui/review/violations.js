// The list of violations, in the order of time; each is a button that chooses it.

import { $, element, plain } from "../page.js";
import { lasted, moment } from "../moments.js";

const NARROW = matchMedia("(max-width: 820px)"); // as style.css has it

const items = new Map(); // seq → its item, which stays the same, so that the focus stays where it is

export function showViolations({ report, chosen, fits, hears }) {
  const shown = report.violations.filter(fits);
  for (const violation of report.violations) {
    if (!items.has(violation.seq)) items.set(violation.seq, made(violation.seq, hears));
    fill(items.get(violation.seq), violation, violation.seq === chosen);
  }
  const wanted = shown.map(({ seq }) => items.get(seq));
  if (wanted.length !== $("violations").children.length || wanted.some((item, at) => item !== $("violations").children[at])) {
    $("violations").replaceChildren(...wanted);
  }
  $("none").hidden = shown.length > 0;
  $("none").textContent = report.violations.length ? "No violation fits the filter." : "No violation so far.";
  $("count").textContent = shown.length === report.violations.length ? `${shown.length}` : `${shown.length} of ${report.violations.length}`;
}

// Bring into sight what is chosen: its place in the list, or on a phone, where the list lies below, itself.
export function reveal(seq) {
  if (NARROW.matches) $("chosen").scrollIntoView();
  else items.get(seq)?.scrollIntoView({ block: "nearest" });
}

function made(seq, hears) {
  const item = element("li");
  const button = element("button");
  button.type = "button";
  button.addEventListener("click", () => hears(seq));
  item.append(button);
  return item;
}

function fill(item, violation, isChosen) {
  const { name, stream, severity, started_at, review } = violation;
  const button = item.firstChild;
  button.className = severity;
  button.setAttribute("aria-current", isChosen);
  button.replaceChildren(
    moment(started_at),
    element("b", plain(name)),
    element("span", [plain(stream), howLong(violation), severity].join(" · ")),
    element("span", decision(review), `decision ${review?.state ?? "open"}`),
    ...(review?.comment ? [element("q", review.comment)] : []),
  );
}

export function howLong({ duration_s }) {
  return duration_s === null ? "goes on" : lasted(duration_s);
}

export function decision(review) {
  if (review === null || review.state === "open") return "to decide";
  return review.reviewer ? `${review.state} by ${review.reviewer}` : review.state;
}
