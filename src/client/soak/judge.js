/**
 * Holds what each reader was told against what the room has kept.
 *
 * A log is what one reader was told, in order: messages `{ epoch, offset, text }` and gaps `{ epoch, from, to }`. The
 * history is all messages of the room, oldest first. A publication is `{ text, outcome, place }`: each text is published
 * once; the outcome is `acknowledged` (at this place), `failed` or `unknown`. An unknown one may be there once or never.
 *
 * @returns counts; all but `told` are 0 where the promises were kept. A message that is missing between two that a reader
 *     was told of counts as lost unless a gap tells of it, whether it was acknowledged or not: it is in the history.
 */
export function judge({ epoch, history, publications, logs }) {
  const found = { lost: 0, duplicates: 0, disorder: 0, strange: 0, told: 0 };
  const stored = new Map(); // by text
  for (const { text, offset } of history) {
    if (stored.has(text)) found.duplicates++;
    else stored.set(text, offset);
  }
  for (const { text, outcome, place } of publications) {
    const offset = stored.get(text);
    if (outcome === 'acknowledged' && offset === undefined) found.lost++;
    if (outcome === 'acknowledged' && offset !== undefined && (place.offset !== offset || place.epoch !== epoch)) found.strange++;
    if (outcome === 'failed' && offset !== undefined) found.strange++;
  }
  const published = new Set(publications.map(({ text }) => text));
  found.strange += history.filter(({ text }) => !published.has(text)).length;
  for (const log of logs) holdAgainst(log, { epoch, history, stored }, found);
  return found;
}

function holdAgainst(log, { epoch, history, stored }, found) {
  const read = new Set();
  const gaps = [];
  let last = 0;
  for (const told of log) {
    if (told.epoch !== epoch) {
      found.strange++;
      continue;
    }
    if (told.text === undefined) {
      found.told++;
      gaps.push(told);
      continue;
    }
    const { text, offset } = told;
    if (read.has(text)) found.duplicates++;
    else if (stored.get(text) !== offset) found.strange++;
    else if (offset < last) found.disorder++;
    read.add(text);
    last = Math.max(last, offset);
  }
  const excused = (offset) => gaps.some(({ from, to }) => from <= offset && offset <= to);
  found.lost += history.filter(({ text, offset }) => !read.has(text) && !excused(offset)).length;
}

/** Whether all promises were kept. */
export const kept = ({ lost, duplicates, disorder, strange }) => lost + duplicates + disorder + strange === 0;
