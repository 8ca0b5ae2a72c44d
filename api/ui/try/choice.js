// What the visitor wants to be shown, watched and kept; where a token is for one session its service has said that.

import { pause } from "../argusd.js";
import { $, element, plain, readiness, sessionOfToken, showProblem } from "../page.js";
import { words } from "./words.js";

const READY_EVERY_MS = 1000; // the daemon is asked, until it is

export const chosen = () => $("choice").elements.source.value;

// What the session is to be; nothing where a token is for one whose service has said that.
export function wanted() {
  if (sessionOfToken() !== null) return undefined;
  const streams = [...$("streams").querySelectorAll(":checked")].map(({ value }) => value);
  const keep = $("keep").checked;
  return { streams, policy: { landmarks: true, evidence: { snapshot: keep, clip: keep } } };
}

// More are served as models load, until the daemon is ready.
export async function offerStreams() {
  for (let [ready, failed, before] = [false, false, ""]; !ready; await pause(READY_EVERY_MS)) {
    try {
      const told = await readiness();
      const now = JSON.stringify([told.ready, told.streams]);
      if (now !== before) showStreams(told); // what is chosen stays otherwise
      if (failed) showProblem("");
      [ready, failed, before] = [told.ready, false, now];
    } catch (error) {
      failed = true;
      showProblem(words(error));
    }
  }
}

function showStreams({ ready, streams = {} }) {
  const lacks = ready ? "no model is here for it" : "not yet";
  $("streams").replaceChildren(...Object.entries(streams).map(([name, served]) => {
    const label = element("label");
    const box = Object.assign(element("input"), { type: "checkbox", value: name, checked: served, disabled: !served });
    label.append(box, ` ${plain(name)}${served ? "" : ` (${lacks})`}`);
    return label;
  }));
}

export function showToken() {
  const session = sessionOfToken();
  for (const choice of document.querySelectorAll(".own")) choice.hidden = session !== null;
  $("given").hidden = session === null;
  $("given").textContent = `This token is for the session ${session}: its service has said what is watched and kept.`;
}

$("choice").addEventListener("change", () => { document.querySelector(".file").hidden = chosen() !== "file"; });
