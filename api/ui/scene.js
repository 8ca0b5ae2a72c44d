// A drawing of what was found in a picture: outlines of faces and things, landmarks, and where the person looks.

import { shape, titled } from "./svg.js";

const GAZE_REACH = 0.5; // of the picture's width, for eyes that look as far aside as they can
const ARROW_HEAD = 0.03; // of the picture's width
const BARB = (5 / 6) * Math.PI; // by so much an arrow's barbs are turned from where it points

// The dashboard's, to which the picture itself never comes.
export function drawScene(known) {
  const scene = shape("svg", { class: "scene", role: "img" });
  fillScene(scene, known, { width: 120, height: 90 });
  scene.prepend(titled("faces and things in the picture"));
  return scene;
}

// ``known``: the newest data of each stream that knows something; each draws what it has. ``labels``: the size of
// the names that are written beside what was found, 0 for none.
export function fillScene(scene, known, { width, height, labels = 0 }) {
  scene.setAttribute("viewBox", `0 0 ${width} ${height}`);
  scene.replaceChildren();
  const outline = (box, kind, label) => scene.append(...outlined(box, kind, label, { width, height, labels }));
  for (const { objects = [], faces = [], landmarks = [], gaze } of known) {
    for (const thing of objects) outline(thing.box, "thing", thing.label);
    if (landmarks.length) scene.append(dots(landmarks, width, height));
    for (const box of faces) outline(box, "person", "a face");
    if (gaze && faces.length) scene.append(gazeArrow(faces[0], gaze, width, height));
  }
}

function outlined([left, top, right, bottom], kind, label, { width, height, labels }) {
  const [x, y] = [left * width, top * height];
  const size = { width: (right - left) * width, height: (bottom - top) * height };
  const box = shape("rect", { x, y, ...size, rx: width / 40, class: kind });
  box.append(titled(label));
  if (!labels) return [box];
  const name = shape("text", { x: x + labels / 3, y: Math.max(y - labels / 3, labels), "font-size": labels });
  name.textContent = label;
  return [box, name];
}

function dots(points, width, height) {
  return shape("path", { d: points.map(([x, y]) => `M${x * width} ${y * height}h0`).join(""), class: "mesh" });
}

// Gaze is told as the person sees it: x > 0 is the person's left, which is the picture's right.
function gazeArrow([left, top, right, bottom], gaze, width, height) {
  const from = [((left + right) / 2) * width, ((top + bottom) / 2) * height];
  const along = [gaze.x * GAZE_REACH * width, gaze.y * GAZE_REACH * width];
  const length = Math.hypot(...along);
  const head = length ? Math.min(width * ARROW_HEAD, length) / length : 0;
  const barb = (turn) => {
    const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
    return `l${head * (along[0] * cos - along[1] * sin)} ${head * (along[0] * sin + along[1] * cos)}`;
  };
  const tip = [from[0] + along[0], from[1] + along[1]];
  return shape("path", { d: `M${from}L${tip}${barb(BARB)}M${tip}${barb(-BARB)}`, class: "gaze" });
}
