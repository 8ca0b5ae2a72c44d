// The report as a file.

import { sessionPath } from "../argusd.js";
import { argusd, element } from "../page.js";

const KINDS = { csv: "text/csv", json: "application/json" };
const BEFORE = { csv: "\ufeff", json: "" }; // so a spreadsheet knows UTF-8

export async function save(sessionId, kind) {
  const response = await argusd.request(`${sessionPath(sessionId)}/report`, { headers: { Accept: KINDS[kind] } });
  const link = element("a");
  link.href = URL.createObjectURL(new Blob([BEFORE[kind], await response.blob()]));
  link.download = `${sessionId.replaceAll(":", "-")}.${kind}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000); // the browser has begun to save it by then
}
