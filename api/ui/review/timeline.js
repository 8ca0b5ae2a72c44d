// One clock for everything: a lane for the media and for each stream, violations as bars in it.

import { $, element, plain } from "../page.js";
import { shape, titled } from "../svg.js";
import { clock, scaleClock, ticks } from "../moments.js";
import { counted } from "./words.js";

const MEDIA = "media"; // the lane of the session's phases
const LANE_PX = 30;
const BAR_PX = 16;
const OVERLAP_PX = 20; // bars that lie at the same time share so much of the lane
const AXIS_PX = 22;
const TICK_PX = 110; // a time needs so much of the scale
const HALF_TIME_PX = 32; // nearer to an end of the scale a time stands at that end, not below its line
const LEAST_PX = 3; // what is shorter could not be seen

const bars = new Map(); // seq → its violation's bar, as drawn last

// `hears(seq)` is told of a bar that is clicked; `fits` says which violations are not filtered out; `pixels`: what it
// is drawn for.
export function drawTimeline({ report, until, chosen, fits, hears, pixels = $("timeline").clientWidth }) {
  const lanes = lanesOf(report);
  const [from, to] = spanOf(report, until);
  const place = (at) => (100 * (at - from)) / (to - from);
  const least = (100 * LEAST_PX) / pixels;
  const height = lanes.length * LANE_PX + AXIS_PX;
  const svg = $("timeline");
  svg.setAttribute("height", height);
  svg.setAttribute("aria-label", `${counted(report.violations)} from ${clock(from)} to ${clock(to)}; the list below has each.`);
  const bar = ({ stream, started_at, ended_at }, size, [row, rows] = [0, 1]) => {
    const [x, right] = [place(started_at), place(ended_at ?? to)];
    const width = Math.max(least, right - x);
    const height = Math.min(size, OVERLAP_PX / rows);
    const y = lanes.indexOf(stream) * LANE_PX + (LANE_PX - rows * height) / 2 + row * height;
    return { x: `${Math.min(x, 100 - width)}%`, width: `${width}%`, y, height, rx: Math.min(3, height / 2) };
  };
  const shown = report.violations.filter(fits);
  const rows = rowsOf(shown);
  bars.clear();
  for (const each of shown) bars.set(each.seq, violationBar(each, bar(each, BAR_PX, rows.get(each.seq)), hears));
  const scale = ticks(from, to, Math.floor(pixels / TICK_PX));
  svg.replaceChildren(
    ...lanes.map((_, index) => line({ x1: 0, x2: "100%", y1: (index + 0.5) * LANE_PX, y2: (index + 0.5) * LANE_PX })),
    ...scale.moments.flatMap((at) => tick(place(at), scaleClock(at, scale.step), { height, pixels })),
    ...report.stretches.map((each) => stretchBar(each, bar)),
    ...bars.values(),
  );
  markInTimeline(chosen);
  $("lanes").replaceChildren(...lanes.map((lane) => element("li", plain(lane))));
}

// The chosen one lies on top of others that are as close.
export function markInTimeline(chosen) {
  $("timeline").querySelector(".chosen")?.classList.remove("chosen");
  const bar = bars.get(chosen);
  if (!bar) return;
  bar.classList.add("chosen");
  $("timeline").append(bar);
}

function lanesOf({ streams, violations, stretches }) {
  return [...new Set([MEDIA, ...streams, ...[...violations, ...stretches].map(({ stream }) => stream)])];
}

// Where bars of one lane overlap each gets a row of its own: seq → [its row, how many rows there are].
function rowsOf(violations) {
  const rows = new Map();
  const lanes = Map.groupBy(violations, ({ stream }) => stream);
  for (const lane of lanes.values()) for (const group of overlapping(lane)) {
    const ends = []; // when each row's last bar ends
    const taken = group.map(({ started_at, ended_at }) => {
      const free = ends.findIndex((end) => end <= started_at);
      const row = free === -1 ? ends.length : free;
      ends[row] = ended_at ?? Infinity;
      return row;
    });
    group.forEach(({ seq }, at) => rows.set(seq, [taken[at], ends.length]));
  }
  return rows;
}

// The violations of a lane, in the order of their starts, as groups between which there is a gap.
function overlapping(lane) {
  const groups = [];
  let end = -Infinity;
  for (const each of lane) {
    if (each.started_at >= end) groups.push([]);
    groups.at(-1).push(each);
    end = Math.max(end, each.ended_at ?? Infinity);
  }
  return groups;
}

// From the first thing that happened to the last; what goes on lasts until now.
function spanOf({ violations, stretches, created_at }, until) {
  const all = [...violations, ...stretches];
  const from = Math.min(...all.map(({ started_at }) => started_at), all.length ? Infinity : created_at);
  const ends = all.map(({ started_at, ended_at }) => ended_at ?? Math.max(until, started_at));
  return [from, Math.max(from + 10, ...ends)];
}

function stretchBar(stretch, bar) {
  const { stream, name, reason, started_at } = stretch;
  const kind = name === "track_stale" && reason === "frozen" ? "frozen" : name;
  const made = shape("rect", { ...bar(stretch, BAR_PX / 2), class: `stretch ${kind}` });
  made.append(titled(`${plain(stream)}: ${stretchName(stretch)}, from ${clock(started_at)}`));
  return made;
}

export function stretchName({ name, reason }) {
  if (name !== "track_stale") return plain(name);
  return reason === "frozen" ? "frozen" : `nothing comes (${plain(reason)})`;
}

function violationBar({ seq, name, severity, started_at, review }, place, hears) {
  const decided = review !== null && review.state !== "open";
  const made = shape("rect", { ...place, class: `violation ${severity} ${decided ? "decided" : ""}` });
  made.append(titled(`${plain(name)} at ${clock(started_at)}`));
  made.addEventListener("click", () => hears(seq));
  return made;
}

function tick(x, words, { height, pixels }) {
  const edge = (100 * HALF_TIME_PX) / pixels;
  const [at, side] = x < edge ? [0, "begin"] : x > 100 - edge ? [100, "end"] : [x, ""];
  const text = shape("text", { x: `${at}%`, y: height - 5, class: `tick ${side}` });
  text.textContent = words;
  return [line({ x1: `${x}%`, x2: `${x}%`, y1: 0, y2: height - AXIS_PX }), text];
}

function line(ends) {
  return shape("line", { ...ends, class: "grid" });
}
