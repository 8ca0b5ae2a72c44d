// One clock for everything: a lane for the media and for each stream, violations as bars in it.

import { $, element, plain } from "../page.js";
import { shape, titled } from "../svg.js";
import { clock, ticks } from "./moments.js";

const MEDIA = "media"; // the lane of the session's phases
const LANE_PX = 30;
const BAR_PX = 16;
const AXIS_PX = 22;
const TICK_PX = 110; // a time needs so much of the scale
const LEAST_PERCENT = 0.35; // of the width: what is shorter could not be seen

// `hears(seq)` is told of a bar that is clicked; `fits` says which violations are not filtered out.
export function drawTimeline({ report, until, chosen, fits, hears }) {
  const lanes = lanesOf(report);
  const [from, to] = spanOf(report, until);
  const place = (at) => (100 * (at - from)) / (to - from);
  const height = lanes.length * LANE_PX + AXIS_PX;
  const svg = $("timeline");
  svg.setAttribute("height", height);
  svg.setAttribute("aria-label", `${report.violations.length} violations from ${clock(from)} to ${clock(to)}; the list below has each.`);
  const bar = (lane, start, end, size) => {
    const [x, right] = [place(start), place(end ?? to)];
    return { x: `${x}%`, width: `${Math.max(LEAST_PERCENT, right - x)}%`, y: lanes.indexOf(lane) * LANE_PX + (LANE_PX - size) / 2, height: size, rx: 3 };
  };
  svg.replaceChildren(
    ...lanes.map((_, index) => line({ x1: 0, x2: "100%", y1: (index + 0.5) * LANE_PX, y2: (index + 0.5) * LANE_PX })),
    ...ticks(from, to, Math.floor(svg.clientWidth / TICK_PX)).flatMap((at) => tick(place(at), at, height)),
    ...report.stretches.map((each) => stretchBar(each, bar)),
    ...report.violations.filter(fits).map((each) => violationBar(each, bar, each.seq === chosen, hears)),
  );
  $("lanes").replaceChildren(...lanes.map((lane) => element("li", plain(lane))));
}

function lanesOf({ streams, violations, stretches }) {
  return [...new Set([MEDIA, ...streams, ...[...violations, ...stretches].map(({ stream }) => stream)])];
}

// From the first thing that happened to the last; what goes on lasts until now.
function spanOf({ violations, stretches, created_at }, until) {
  const all = [...violations, ...stretches];
  const from = Math.min(...all.map(({ started_at }) => started_at), all.length ? Infinity : created_at);
  const ends = all.map(({ started_at, ended_at }) => ended_at ?? Math.max(until, started_at));
  return [from, Math.max(from + 10, ...ends)];
}

function stretchBar(stretch, bar) {
  const { stream, name, reason, started_at, ended_at } = stretch;
  const kind = name === "track_stale" && reason === "frozen" ? "frozen" : name;
  const made = shape("rect", { ...bar(stream, started_at, ended_at, BAR_PX / 2), class: `stretch ${kind}` });
  made.append(titled(`${plain(stream)}: ${stretchName(stretch)}, from ${clock(started_at)}`));
  return made;
}

export function stretchName({ name, reason }) {
  if (name !== "track_stale") return plain(name);
  return reason === "frozen" ? "frozen" : `nothing comes (${plain(reason)})`;
}

function violationBar({ seq, stream, name, severity, started_at, ended_at, review }, bar, isChosen, hears) {
  const decided = review !== null && review.state !== "open";
  const classes = ["violation", severity, decided ? "decided" : "", isChosen ? "chosen" : ""].join(" ");
  const made = shape("rect", { ...bar(stream, started_at, ended_at, BAR_PX), class: classes });
  made.append(titled(`${plain(name)} at ${clock(started_at)}`));
  made.addEventListener("click", () => hears(seq));
  return made;
}

function tick(x, at, height) {
  const text = shape("text", { x: `${x}%`, y: height - 5, class: "tick" });
  text.textContent = clock(at);
  return [line({ x1: `${x}%`, x2: `${x}%`, y1: 0, y2: height - AXIS_PX }), text];
}

function line(ends) {
  return shape("line", { ...ends, class: "grid" });
}
