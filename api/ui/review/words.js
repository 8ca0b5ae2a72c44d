// What the list, the chosen violation, the printed report and the check of evidence say alike.

import { lasted } from "../moments.js";

const HASH_DIGITS = 12;
export const SHA_256 = "SHA\u2011256"; // browsers would break its line at another hyphen

// As much of a hash as people compare.
export function short(hash) {
  return `${hash.slice(0, HASH_DIGITS)}…`;
}

export function counted(violations) {
  return violations.length === 1 ? "1 violation" : `${violations.length} violations`;
}

// Whether nobody has decided about the violation.
export function isOpen({ review }) {
  return (review?.state ?? "open") === "open";
}

export function decision(review) {
  if (isOpen({ review })) return "to decide";
  return review.reviewer ? `${review.state} by ${review.reviewer}` : review.state;
}

export function howLong({ duration_s }) {
  return duration_s === null ? "goes on" : lasted(duration_s);
}
