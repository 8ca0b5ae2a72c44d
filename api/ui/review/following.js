// A session's report, fetched again when an event says that it has changed: once a second at most. One stream of
// events stays open.

import { sessionPath } from "../argusd.js";
import { argusd, showProblem, showState } from "../page.js";

const EVERY_MS = 1000;

// Until the session is `gone()`; also before the visitor has signed in. `hears(report)` takes each that comes.
export async function follow(sessionId, hears, gone) {
  const load = async () => {
    const report = await argusd.json(`${sessionPath(sessionId)}/report`);
    hears(report);
    return report;
  };
  const loadSoon = onceIn(EVERY_MS, () => load().catch(() => {})); // what fails is told by the stream as well
  const onstate = watchState(loadSoon);
  for (;;) {
    try {
      const { seq } = await load();
      for await (const event of argusd.events(sessionId, { after: seq, onstate })) if (changesReport(event)) loadSoon();
    } catch (error) {
      if (error.status === 404) return gone();
      showProblem(error.message);
    }
    await new Promise((done) => setTimeout(done, EVERY_MS));
  }
}

// Hears whether events come: what has happened without them is asked for.
function watchState(loadSoon) {
  let away = false;
  return (live) => {
    if (live && away) loadSoon();
    away = !live;
    if (away) showState("connecting again", "unready");
  };
}

function changesReport({ type, state }) {
  return type !== "observation" || state !== "update";
}

function onceIn(ms, doing) {
  let planned = false;
  return () => {
    if (planned) return;
    planned = true;
    setTimeout(() => { planned = false; doing(); }, ms);
  };
}
