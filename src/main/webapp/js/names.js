// The rules of the server, held here too: a browser does not tell a page why a handshake was refused.
const LONGEST = 64;
const USER = /^[\p{L}\p{M}\p{N}\p{So}._'@+-]+( [\p{L}\p{M}\p{N}\p{So}._'@+-]+)*$/u;
// U+FFFD is a symbol to Unicode, but to the server the trace of bytes that were not UTF-8.
const NOT_IN_USER = /[^\p{L}\p{M}\p{N}\p{So}._'@+ -]|\uFFFD/u;
const ROOM = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const NOT_IN_ROOM = /[^A-Za-z0-9._-]/u;

export const USER_RULE = "Up to 64 letters, digits, emoji or . _ ' @ + - with single spaces between.";
export const ROOM_RULE = 'Up to 64 of A–Z, a–z, 0–9 or . _ - with a letter or digit first.';

function shown(character) {
  if (character === ' ') return 'a space';
  if (/[\p{C}\p{Z}]/u.test(character)) {
    return `the invisible character U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
  }
  return `“${character}”`;
}

function problem(what, value, rule, wrong, otherwise) {
  if (value === '') return `Enter a ${what}.`;
  const found = value.match(wrong);
  if (found) return `A ${what} cannot hold ${shown(found[0])}.`;
  if (value.length > LONGEST) return `A ${what} has at most ${LONGEST} characters; this one has ${value.length}.`;
  return rule.test(value) ? '' : otherwise;
}

/** Says in words what is wrong with a user name, or nothing. */
export function userProblem(name) {
  return problem('name', name, USER, NOT_IN_USER, 'A name has single spaces, and only between its words.');
}

/** Says in words what is wrong with a room name, or nothing. */
export function roomProblem(room) {
  return problem('room', room, ROOM, NOT_IN_ROOM, 'A room begins with a letter or a digit.');
}

/** Shows the problem beside its field; true if there is none. */
export function accept(input, words) {
  const place = document.getElementById(`${input.id}-problem`);
  place.textContent = words;
  place.hidden = words === '';
  if (words === '') input.removeAttribute('aria-invalid');
  else input.setAttribute('aria-invalid', 'true');
  return words === '';
}
