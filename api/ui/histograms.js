// Cumulative histograms {bounds, counts, sum, count}, as the daemon tells them: what happened between two of them.

const EMPTY = { bounds: [], counts: [], sum: 0, count: 0 };

// What was added since `before`. A daemon that began anew counts from nothing, and so does one that had none before.
export function between(before, now = EMPTY) {
  if (!before || before.count > now.count) return now;
  const counts = now.counts.map((count, index) => count - before.counts[index]);
  return { bounds: now.bounds, counts, sum: now.sum - before.sum, count: now.count - before.count };
}

// The value that this share of all values does not exceed, taken to lie evenly between two bounds; null without values.
export function quantile({ bounds, counts, count }, share) {
  if (count === 0) return null;
  const rank = share * count;
  const found = counts.findIndex((below) => below >= rank);
  if (found === -1) return bounds.at(-1); // beyond all bounds
  const [low, below] = found ? [bounds[found - 1], counts[found - 1]] : [0, 0];
  return low + ((bounds[found] - low) * (rank - below)) / (counts[found] - below);
}

export function mean({ sum, count }) {
  return count === 0 ? null : sum / count;
}

// How many values lie between each bound and the one before; the last number is of those beyond all bounds.
export function perBucket({ counts, count }) {
  return [...counts, count].map((below, index) => below - (index ? counts[index - 1] : 0));
}
