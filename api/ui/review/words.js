// What the list, the chosen violation and the printed report say of a violation alike.

import { lasted } from "../moments.js";

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
