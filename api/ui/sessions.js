// The sessions: what is seen and heard in each right now, and what has been violated, how often and how long.

import { facts } from "./facts.js";
import { $, argusd, element, plain } from "./page.js";
import { drawScene } from "./scene.js";

const MOST_SESSIONS = 12;
const ACTIVE = ["connecting", "live", "stale"];

export async function showSessions() {
  const { sessions } = await argusd.sessions();
  const active = sessions.filter((session) => ACTIVE.includes(session.state));
  const rest = sessions.filter((session) => !active.includes(session));
  $("live").textContent = active.length;
  $("no-sessions").hidden = active.length > 0;
  const newest = (list) => list.sort((a, b) => b.updated_at - a.updated_at);
  const shown = [...newest(active), ...newest(rest)].slice(0, MOST_SESSIONS);
  $("sessions").replaceChildren(...await Promise.all(shown.map(sessionItem)));
}

async function sessionItem(session) {
  const item = element("li", "", session.state);
  const text = element("div");
  const name = element("a", session.session_id);
  name.href = `/review?session=${encodeURIComponent(session.session_id)}`;
  text.append(name, " ", element("span", session.state));
  const arriving = session.tracks.filter((track) => track.codec !== null || track.state === "stale");
  if (arriving.length) text.append(element("p", arriving.map(arrival).join(" · "), "arrival"));
  const known = await argusd.results(session.session_id).catch(() => null); // it may have gone meanwhile
  if (known) {
    const { streams, violations } = known;
    if (session.state === "live") {
      const told = Object.entries(streams).sort(([one], [other]) => one.localeCompare(other));
      text.append(element("p", facts(told), "facts"));
      item.append(drawScene(told.filter(([, { state }]) => state !== "unknown").map(([, { data }]) => data)));
    }
    text.append(tags(violations));
  }
  item.prepend(text);
  return item;
}

// How a track arrives, as in: 1280×720 vp8, 30 fps, 2.4 Mb/s, 1.2 % lost; or that it does not, and why
function arrival(track) {
  if (track.state === "stale") return `no ${track.kind} (${plain(track.reason)})`;
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
    const lasted = found.total_s ? `${found.total_s.toFixed(1)} s` : "";
    const text = [plain(name), `${found.count}×`, lasted, open ? "now" : ""].filter(Boolean).join(" ");
    list.append(element("i", text, open ? "open" : ""));
  }
  return list;
}
