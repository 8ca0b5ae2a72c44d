// Whether a session's evidence is as it was when it was finished, in words.

import { sessionPath } from "../argusd.js";
import { clock } from "../moments.js";
import { argusd, plain } from "../page.js";
import { SHA_256, short } from "./words.js";

export async function checkEvidence(sessionId, violations) {
  const { length, head, broken, files_elsewhere } = await argusd.json(`${sessionPath(sessionId)}/evidence/chain`);
  const elsewhere = files_elsewhere.length ? ` Files of ${files_elsewhere.length} lie on another host and were not looked at.` : "";
  if (broken.length) return `Not as it was: ${broken.map((each) => inWords(each, violations)).join("; ")}.${elsewhere}`;
  if (!length) return "No evidence is finished so far.";
  const all = length === 1 ? "The evidence is" : `All ${length} pieces of evidence are`;
  return `${all} as when it was made (${SHA_256} of the newest: ${short(head)}).${elsewhere}`;
}

function inWords({ evidence_id, reason }, violations) {
  const about = violations.find((violation) => violation.evidence_id === evidence_id);
  return `${about ? `${plain(about.name)} at ${clock(about.started_at)}` : evidence_id} (${reason})`;
}
