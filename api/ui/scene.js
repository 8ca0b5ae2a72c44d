// A drawing of what was found in the picture: outlines of faces and things, and where the person looks. The picture
// itself never reaches the dashboard.

import { shape, titled } from "./svg.js";

const WIDTH = 120;
const HEIGHT = 90;
const GAZE_REACH = 60;

// ``known``: the newest data of each stream that knows something; each draws what it has.
export function drawScene(known) {
  const scene = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "scene", role: "img" });
  scene.append(titled("faces and things in the picture"));
  for (const { objects = [], faces = [], gaze } of known) {
    for (const thing of objects) scene.append(outline(thing.box, "thing", thing.label));
    for (const box of faces) scene.append(outline(box, "person", "a face"));
    if (gaze && faces.length) scene.append(gazeLine(faces[0], gaze));
  }
  return scene;
}

function outline([left, top, right, bottom], kind, label) {
  const box = shape("rect", {
    x: left * WIDTH, y: top * HEIGHT, width: (right - left) * WIDTH, height: (bottom - top) * HEIGHT, rx: 3, class: kind,
  });
  box.append(titled(label));
  return box;
}

// Gaze is told as the person sees it: x > 0 is the person's left, which is the picture's right.
function gazeLine([left, top, right, bottom], gaze) {
  const [x, y] = [((left + right) / 2) * WIDTH, ((top + bottom) / 2) * HEIGHT];
  return shape("line", { x1: x, y1: y, x2: x + gaze.x * GAZE_REACH, y2: y + gaze.y * GAZE_REACH, class: "gaze" });
}
