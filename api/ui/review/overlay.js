// What was found at a violation's start, drawn over its picture or its clip when somebody asks for it.

import { lasted } from "../moments.js";
import { element } from "../page.js";
import { fillScene } from "../scene.js";
import { shape } from "../svg.js";

const AROUND_S = 0.5; // boxes belong to one moment: so far from it the clip goes without them
const LABEL_SHARE = 0.035; // of the picture's width
const SAME_S = 0.02; // pictures are further apart

let wanted = false; // stays as the reviewer goes on to the next violation

// The picture or clip with a button below that draws; where nothing was found in a picture, as it is.
export function withOverlay(shown, record) {
  const { seen, snapshot } = record;
  if (!snapshot || !drawable(seen)) return [shown];
  const { width, height } = snapshot;
  const scene = shape("svg", { class: "overlay", role: "img", "aria-label": "What was found in the picture" });
  fillScene(scene, [seen], { width, height, labels: width * LABEL_SHARE });
  const stage = element("div", "", "stage");
  stage.append(shown, scene);
  const button = element("button", "Show what was found");
  button.type = "button";
  button.id = "overlay";
  const moment = momentOf(record);
  const note = element("p", differs(record), "quiet");
  const update = () => {
    button.setAttribute("aria-pressed", wanted);
    scene.toggleAttribute("hidden", !wanted || !isAt(shown, moment));
    note.hidden = !wanted || !note.textContent;
  };
  button.addEventListener("click", () => {
    wanted = !wanted;
    if (wanted) goTo(shown, moment);
    update();
  });
  for (const change of ["timeupdate", "seeked"]) shown.addEventListener(change, update);
  update();
  return [stage, button, note];
}

// When the clip shows what was seen, in seconds: by the daemon's clock, whatever the sender's says.
function momentOf({ clip, created_at, seen_age_ms = 0 }) {
  return clip ? created_at - seen_age_ms / 1000 - clip.begins_at : 0;
}

// What is said where the picture is not the one that was looked at: that had left memory before it could be kept.
function differs({ snapshot, seen_at }) {
  const later = snapshot.captured_at - (seen_at ?? snapshot.captured_at);
  if (Math.abs(later) < SAME_S) return "";
  const apart = lasted(Math.abs(later), 2);
  return `The picture was taken ${apart} ${later > 0 ? "after" : "before"} the one in which this was found.`;
}

function drawable({ faces = [], objects = [] }) {
  return faces.length + objects.length > 0;
}

// A clip that nobody has played yet shows the snapshot.
function isAt(shown, moment) {
  if (!(shown instanceof HTMLVideoElement)) return true;
  return (shown.paused && shown.played.length === 0 && shown.currentTime === 0) || Math.abs(shown.currentTime - moment) < AROUND_S;
}

function goTo(shown, moment) {
  if (!(shown instanceof HTMLVideoElement) || isAt(shown, moment)) return;
  shown.pause();
  shown.currentTime = moment;
}
