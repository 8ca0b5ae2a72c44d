// Times and durations, as people read them, by the clock of where they are.

import { element } from "./page.js";

const WHOLE = new Intl.DateTimeFormat([], { dateStyle: "medium", timeStyle: "long" });
const CLOCK = new Intl.DateTimeFormat([], { timeStyle: "medium" });
const DAY_S = 86_400;

export function clock(unix) {
  return CLOCK.format(1000 * unix);
}

// With its day and its time zone, for who reads it elsewhere, or on paper.
export function day(unix) {
  return WHOLE.format(1000 * unix);
}

// From one moment to another, without saying a day twice.
export function period(from, to) {
  return WHOLE.formatRange(from * 1000, to * 1000);
}

// A moment of today in a list: its day and zone are told to who asks.
export function moment(unix) {
  const made = element("time", clock(unix));
  made.dateTime = new Date(unix * 1000).toISOString();
  made.title = day(unix);
  return made;
}

// A moment of a scale whose lines are so many seconds apart: seconds only where they differ, days where they do.
export function scaleClock(unix, step) {
  const at = new Date(unix * 1000);
  if (step >= DAY_S) return at.toLocaleDateString([], { month: "short", day: "numeric" });
  return at.toLocaleTimeString([], { timeStyle: step % 60 ? "medium" : "short" });
}

// How long, as in: 4.5 s, 3 min, 2.5 h.
export function lasted(seconds, digits = 1) {
  if (seconds < 100) return `${seconds.toFixed(digits)} s`;
  return seconds < 6000 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

// How long, where it is short, as in: 94 ms; null where it is not known.
export function milliseconds(seconds) {
  return seconds === null ? null : `${Math.max(0, 1000 * seconds).toFixed(0)} ms`;
}

// A moment for each line of a scale, at most `most`, a round number of seconds apart.
export function ticks(from, to, most) {
  const zone = 60 * new Date(1000 * from).getTimezoneOffset(); // whole hours are those of where the visitor is
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, DAY_S];
  const step = steps.find((each) => (to - from) / each <= most) ?? Math.ceil((to - from) / Math.max(most, 1) / DAY_S) * DAY_S;
  const first = Math.ceil((from - zone) / step) * step + zone;
  const moments = Array.from({ length: Math.max(0, Math.floor((to - first) / step) + 1) }, (_, index) => first + index * step);
  return { moments, step };
}
