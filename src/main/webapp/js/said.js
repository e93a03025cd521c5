import { day, minute } from './clock.js';
import { element } from './dom.js';
import { avatar } from './people.js';

const TOGETHER_MS = 5 * 60 * 1000;

/** One message, in the bubble of its sender. */
export function bubble({ from, text, at, mine, follows = false }, ...notes) {
  return element(
    'li',
    { class: 'message', 'data-mine': mine, 'data-follows': follows },
    avatar(from),
    element(
      'p',
      { class: 'byline' },
      element('bdi', { class: 'author' }, from),
      mine ? element('span', { class: 'you' }, 'you') : '',
      ' ',
      at ? minute(at) : '',
    ),
    element('p', { class: 'text', dir: 'auto' }, text),
    ...notes,
  );
}

/** What was said and what happened, line by line: one sender's messages stand together, days apart. */
export class Transcript {
  #log;
  #previous = { from: null, at: 0 };
  #day = new Date().toDateString();

  constructor(log) {
    this.#log = log;
  }

  said({ from, text, at }, mine) {
    const then = new Date(at);
    this.#turn(then);
    const follows = this.#previous.from === from && then - this.#previous.at < TOGETHER_MS;
    this.#previous = { from, at: then };
    this.#log.append(bubble({ from, text, at: then, mine, follows }));
  }

  happened(...words) {
    this.#break();
    this.#turn(new Date());
    this.#log.append(element('li', { class: 'event' }, element('span', {}, ...words), ' ', minute()));
  }

  missing(words) {
    this.#break();
    this.#log.append(element('li', { class: 'gap' }, element('span', {}, words)));
  }

  #turn(then) {
    if (then.toDateString() === this.#day) return;
    this.#day = then.toDateString();
    this.#break();
    this.#log.append(element('li', { class: 'event day' }, day(then)));
  }

  #break() {
    this.#previous = { from: null, at: 0 };
  }
}
