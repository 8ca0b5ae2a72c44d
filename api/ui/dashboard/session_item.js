// One session of the list: what is seen and heard in it right now, what has been violated, and what waits for a look.

import { facts } from "../facts.js";
import { lasted } from "../moments.js";
import { element, plain, reviewOf } from "../page.js";
import { drawScene } from "../scene.js";

export function newItem(id) {
  const item = element("li");
  const name = element("a", id);
  name.href = reviewOf(id);
  const text = element("div");
  text.append(name);
  item.append(text);
  return item;
}

export function fillItem(item, session) {
  const { state, tracks, waiting, streams, violations } = session;
  const [text] = item.children;
  const silent = tracks.filter((track) => track.state === "stale");
  item.className = state === "live" && silent.length ? "stale" : state;
  const told = Object.entries(streams).sort(([one], [other]) => one.localeCompare(other));
  const live = state === "live";
  const arriving = tracks.filter((track) => track.codec !== null && track.state !== "stale").map(arrival).join(" · ");
  replaceAfter(text.firstChild, [ // the link stays where it is: it may have the focus
    element("span", state),
    ...silent.map((track) => element("strong", silence(track), "silent")),
    ...waits(waiting).map((words) => element("strong", words, "waits")),
    ...(arriving ? [element("p", arriving, "arrival")] : []),
    ...(live ? [element("p", facts(told), "facts")] : []),
    tags(violations),
  ]);
  const known = told.filter(([, { state: known }]) => known !== "unknown").map(([, { data }]) => data);
  replaceAfter(text, live && known.length ? [drawScene(known)] : []);
}

function replaceAfter(element, following) {
  while (element.nextSibling) element.nextSibling.remove();
  element.after(...following);
}

function silence({ kind, reason }) {
  return reason === "frozen" ? `${kind} frozen` : `no ${kind} (${plain(reason)})`;
}

function waits({ going_on, unreviewed }) {
  return [going_on && "violation now", unreviewed && `${unreviewed} to decide`].filter(Boolean);
}

// How a track arrives, as in: 1280×720 vp8, 30 fps, 2.4 Mb/s, 1.2 % lost
function arrival(track) {
  const told = [track.width ? `${track.width}×${track.height} ${track.codec}` : track.codec];
  if (track.frames_per_second !== null) told.push(`${Math.round(track.frames_per_second)} fps`);
  if (track.width) told.push(`${(track.bits_per_second / 1e6).toFixed(1)} Mb/s`);
  if (track.loss > 0) told.push(`${(100 * track.loss).toFixed(1)} % lost`);
  return told.join(", ");
}

function tags(violations) {
  const list = element("div", "", "tags");
  for (const [name, found] of Object.entries(violations)) {
    const open = found.open_since_s !== null;
    const total = found.total_s ? lasted(found.total_s) : "";
    const text = [plain(name), `${found.count}×`, total, open ? "now" : ""].filter(Boolean).join(" ");
    list.append(element("i", text, open ? "open" : ""));
  }
  return list;
}
