// Pieces of a drawing.

const SVG = "http://www.w3.org/2000/svg"; // a name, not an address

export function shape(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

// What is told of a shape beside what is seen.
export function titled(text) {
  const title = shape("title", {});
  title.textContent = text;
  return title;
}
