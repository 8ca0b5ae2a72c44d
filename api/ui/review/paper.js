// The report on paper: each violation that the filter shows, with what people say of it and the picture of its start.
// The page's button fetches pictures first; the browser's own command prints without them, and the paper says so.

import { day } from "../moments.js";
import { $, element, plain } from "../page.js";
import { stateOf, whyNot } from "./evidence.js";
import { fileOf, recordOf } from "./files.js";
import { decision, howLong } from "./words.js";

const MOST_PICTURES = 100; // on paper and in memory: the first ones
const AT_A_TIME = 6;

const pictures = new Map(); // seq → { image, words }, since the button was pressed last

export async function printReport(sessionId, violations) {
  const button = $("print");
  button.disabled = true; // it is pressed once
  await fetchPictures(sessionId, violations, (words) => { button.textContent = words; });
  button.textContent = "Print";
  button.disabled = false;
  print();
}

async function fetchPictures(sessionId, violations, progress) {
  for (const { image } of pictures.values()) if (image) URL.revokeObjectURL(image.src);
  pictures.clear();
  const wanted = violations.filter(({ evidence_id }) => evidence_id).slice(0, MOST_PICTURES);
  for (let begin = 0; begin < wanted.length; begin += AT_A_TIME) {
    progress(`Picture ${begin + 1} of ${wanted.length} …`);
    await Promise.all(wanted.slice(begin, begin + AT_A_TIME).map(async ({ seq, evidence_id }) => {
      pictures.set(seq, await pictureOf(sessionId, evidence_id));
    }));
  }
}

// An image that is ready to be printed, if there is one, and how it stands with the evidence.
async function pictureOf(sessionId, id) {
  try {
    const record = await recordOf(sessionId, id);
    const { address, amiss = "" } = record.snapshot ? await fileOf(record, "snapshot") : {};
    const image = address && Object.assign(element("img"), { src: address, alt: "The picture at the violation's start" });
    await image?.decode().catch(() => {}); // a damaged one: that is amiss already
    return { image, words: [amiss, stateOf(record)].filter(Boolean) };
  } catch (error) {
    return { words: [whyNot(error)] };
  }
}

// Write it, just before it is printed.
export function layOut(violations) {
  $("paper").replaceChildren(...violations.map(entry));
  const without = violations.filter(({ seq, evidence_id }) => evidence_id && !pictures.has(seq)).length;
  $("paper-note").hidden = without === 0;
  $("paper-note").textContent = pictures.size
    ? `There is evidence of ${without} more: the page's filter lets their pictures be printed, ${MOST_PICTURES} at a time.`
    : "There are pictures of these violations: the button Print of the review page prints them, too.";
}

function entry(violation) {
  const { seq, name, stream, severity, confidence, started_at, review } = violation;
  const { image, words = [] } = pictures.get(seq) ?? {};
  const text = element("div");
  text.append(
    element("b", plain(name)),
    element("p", `${day(started_at)} · ${howLong(violation)}`),
    element("p", `${plain(stream)} · ${severity} · confidence ${Math.round(100 * confidence)} %`),
    element("p", review ? `${decision(review)}, ${day(review.at)}` : decision(review)),
    ...(review?.comment ? [element("q", review.comment)] : []),
    ...words.map((each) => element("p", each, "quiet")),
  );
  const item = element("li", "", severity);
  item.append(text, ...(image ? [image] : []));
  return item;
}
