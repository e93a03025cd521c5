import { element } from './dom.js';

const TONES = 8;

/** A round initial, in a tone that is the same for a name wherever it is shown. */
export function avatar(name) {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + character.codePointAt(0)) % 9973;
  const [first = '?'] = name;
  return element('span', { class: 'avatar', 'aria-hidden': 'true', 'data-tone': sum % TONES }, first.toUpperCase());
}

/** One person of a list. */
export function person(name, me) {
  const you = name === me ? element('span', { class: 'you' }, 'you') : '';
  return element('li', {}, avatar(name), element('bdi', {}, name), you);
}
