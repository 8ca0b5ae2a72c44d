// How long findings take, how loud it is, and what is seen and heard now.

import { facts } from "../facts.js";
import { lasted, milliseconds } from "../moments.js";
import { $ } from "../page.js";

const READABLE_MS = 400; // so long a number stays

let numbersAt = 0; // when numbers were shown last

// ``known``: the newest results of the streams that know something; ``told``: of all, with their names.
export function showFigures(told, known, heldBack) {
  const newest = known.reduce((one, other) => (one && one.captured_at > other.captured_at ? one : other), null);
  if (newest && Date.now() - numbersAt >= READABLE_MS) {
    numbersAt = Date.now();
    $("delay").textContent = milliseconds(Date.now() / 1000 - newest.captured_at);
    $("age").textContent = milliseconds(newest.frame_age_ms / 1000);
  }
  $("held-back").hidden = !heldBack;
  $("held-back").textContent = `The picture is shown ${lasted(heldBack / 1000)} late, so that each drawing lies on its own frame.`;
  $("facts").textContent = facts(told);
  showVoice(known.find(({ data }) => "rms_dbfs" in data)?.data);
}

function showVoice(heard) {
  $("voice").textContent = heard ? (heard.has_speech ? "speaks" : "silent") : "–";
  showLevel(heard ? heard.rms_dbfs : $("level").min);
}

function showLevel(dbfs) {
  const level = $("level");
  level.value = dbfs;
  level.style.setProperty("--level", `${100 * (level.value - level.min) / (level.max - level.min)}%`);
}

export function forgetFigures() {
  for (const figure of ["delay", "age", "voice"]) $(figure).textContent = "–";
  $("facts").textContent = "";
  $("held-back").hidden = true;
  showLevel($("level").min);
}
