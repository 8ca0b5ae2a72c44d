// A violation's evidence as the daemon keeps it: its record, and its files under the visitor's token.

import { sessionPath } from "../argusd.js";
import { argusd } from "../page.js";

export function recordOf(sessionId, id) {
  return argusd.json(pathOf(sessionId, id));
}

// A file of it, ``part`` being snapshot or clip: its address, until somebody revokes it, and what is amiss with it.
export async function fileOf(record, part) {
  try {
    const response = await argusd.request(`${pathOf(record.session_id, record.evidence_id)}/${part}`);
    const file = await response.blob();
    const amiss = await isOther(file, record[part].sha256) ? `The ${part} is not as it was made: it was changed, or is damaged.` : "";
    return { address: URL.createObjectURL(file), amiss };
  } catch (error) {
    return { amiss: error.message };
  }
}

function pathOf(sessionId, id) {
  return `${sessionPath(sessionId)}/evidence/${encodeURIComponent(id)}`;
}

// Whether a file has another hash than was told; browsers compute it for pages of https and of localhost alone.
async function isOther(file, sha256) {
  const digest = await crypto.subtle?.digest("SHA-256", await file.arrayBuffer());
  return digest !== undefined && hex(new Uint8Array(digest)) !== sha256;
}

function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
