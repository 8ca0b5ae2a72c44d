// How the session stands, from when to when it was, and how many of its violations wait for a decision.

import { day, period } from "../moments.js";
import { $, showState } from "../page.js";
import { stretchName } from "./timeline.js";
import { counted, isOpen } from "./words.js";

const ACTIVE = ["connecting", "live", "stale"];

export function showSummary(report) {
  const { state, stretches, violations, created_at, updated_at } = report;
  const active = isActive(report);
  const silent = stretches.find(({ name, ended_at }) => name === "track_stale" && ended_at === null);
  if (active && silent) showState(`${silent.stream} ${stretchName(silent)}`, "unready");
  else showState(state, active ? "ready" : state === "lost" ? "unready" : "");
  const open = violations.filter(isOpen).length;
  $("summary").textContent = `${active ? `since ${day(created_at)}` : period(created_at, updated_at)} · ${counted(violations)}, ${open} to decide`;
}

// Whether its media are there.
export function isActive({ state }) {
  return ACTIVE.includes(state);
}
