// The rules of the server: a browser does not tell a page why a handshake was refused. NamesTest compares them.
const LONGEST = 64;
const USER = /^(?![ \p{gc=M}])(?:(?![<>\u034F\u115F\u1160\u17B4\u17B5\u180B-\u180F\u2800\u303F\u3164\uFE00-\uFE0F\uFFA0\uFFFC\uFFFD\u{13441}\u{13442}\u{16FE4}\u{1D159}\u{E0100}-\u{E01EF}])(?:[\p{gc=L}\p{gc=M}\p{gc=N}](?:(?<=[\u0600-\u109F\u1780-\u18AF])[\u200C\u200D](?=[\u0600-\u109F\u1780-\u18AF]))?|[\p{gc=S}\u{1F000}-\u{1FAFF}](?:(?<![\u0000-\u007F])(?:\uFE0F?\u200D(?=[\p{gc=S}\u{1F000}-\u{1FAFF}])|\uFE0F))?)|[._'’@·・-]|\uFE0F(?=\u20E3)| (?![ \p{gc=M}]|$))+$/u;
const ROOM = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/u;

export const USER_RULE =
  "A user name is 1 to 64 letters, combining marks, digits, symbols (except < and >) or . _ ' ’ @ + - · ・ with single " +
  'spaces between words. No word starts with a combining mark. Invisible and blank characters are refused, except ' +
  'inside emoji and where a script needs them.';
export const ROOM_RULE =
  'A room name is 1 to 64 of the characters A-Z a-z 0-9 . _ - and starts with a letter or a digit.';

// Whether a name may hold one of these depends on the characters beside it.
const JOINERS = /[\uFE0F\u200C\u200D]/gu;

function shown(character) {
  if (character === ' ') return 'a space';
  if (/[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/u.test(character)) {
    return `the invisible character U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
  }
  return `“${character}”`;
}

function problem(what, value, rule, certain, otherwise) {
  if (value === '') return `Enter a ${what}.`;
  const stray = [...certain].find((character) => !rule.test(`a${character}a`));
  if (stray) return `A ${what} cannot hold ${shown(stray)}.`;
  const { length } = [...value];
  if (length > LONGEST) return `A ${what} has at most ${LONGEST} characters; this one has ${length}.`;
  return rule.test(value) ? '' : otherwise;
}

/** Says in words what is wrong with a user name, or nothing. */
export function userProblem(given) {
  const name = given.normalize('NFC');
  const otherwise = /^ | {2}| $/.test(name)
    ? 'A name has single spaces, and only between its words.'
    : 'An accent or an invisible character in this name is out of place.';
  return problem('name', name, USER, name.replace(JOINERS, ''), otherwise);
}

/** Says in words what is wrong with a room name, or nothing. */
export function roomProblem(room) {
  return problem('room', room, ROOM, room, 'A room begins with a letter or a digit.');
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
