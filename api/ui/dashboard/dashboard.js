// The dashboard: streams what happens, and asks at most once a second, by turns, for the sessions and for how everything works.

import { followEvents } from "./events.js";
import { showFigures } from "./figures.js";
import { $, argusd, element, plain } from "../page.js";
import { showSessions } from "./sessions.js";
import { showFailure, showReadiness } from "../standing.js";

const REST_MS = 1000;

async function showOperations() {
  const operations = await argusd.json("/operations.json");
  showReadiness(operations.readiness);
  showServed(operations.readiness);
  showFigures(operations);
}

function showServed({ streams, tasks, roles }) {
  $("served").replaceChildren(...served(streams, tasks));
  $("roles").replaceChildren(...roles.map((role) => {
    const row = element("tr");
    row.append(element("td", plain(role.role)), element("td", role.ready ? role.model : role.detail));
    return row;
  }));
}

// Each stream's or task's name; what is not served says so and comes last.
function served(...named) {
  const all = named.flatMap(Object.entries).sort(([, one], [, other]) => other - one);
  return all.map(([name, there]) => element("i", there ? plain(name) : `no ${plain(name)}`, there ? "" : "away"));
}

async function ask(first, second) {
  try {
    await first();
  } catch (error) {
    showFailure(error);
  }
  setTimeout(ask, REST_MS, second, first);
}

ask(showSessions, showOperations);
followEvents();
