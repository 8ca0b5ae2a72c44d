// The dashboard: polls what stands, streams what happens.

import { followEvents } from "./events.js";
import { showFigures } from "./figures.js";
import { $, element, plain, readiness } from "./page.js";
import { showSessions } from "./sessions.js";

const POLL_MS = 2000;

async function showReadiness() {
  const ready = await readiness();
  showState(ready.ready ? "ready" : "not ready", ready.ready);
  $("reasons").replaceChildren(...ready.reasons.map((reason) => element("li", reason)));
  $("device").textContent = ready.device ?? "–";
  $("fits").textContent = ready.fits_more ?? "–";
  $("served").replaceChildren(...served(ready.streams), ...served(ready.tasks));
  $("roles").replaceChildren(...ready.roles.map((role) => {
    const row = element("tr");
    row.append(element("td", plain(role.role)), element("td", role.ready ? role.model : role.detail));
    return row;
  }));
}

// Each stream's or task's name, marked where it is not served.
function served(byName) {
  return Object.entries(byName).map(([name, there]) => element("i", plain(name), there ? "" : "open"));
}

function showState(text, ready) {
  $("state").textContent = text;
  $("state").className = `pill ${ready ? "ready" : "unready"}`;
}

async function poll() {
  try {
    await Promise.all([showReadiness(), showSessions(), showFigures()]);
  } catch (error) {
    showState(error.status ? plain(error.code) : "not reachable", false);
  }
  setTimeout(poll, POLL_MS);
}

poll();
followEvents();
