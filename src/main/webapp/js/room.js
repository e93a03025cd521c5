import { messageId } from '../parley.js';
import { describeClose, describeWait } from './closes.js';
import { element } from './dom.js';
import { Log } from './log.js';
import { person } from './people.js';
import { Transcript, bubble } from './said.js';

const HISTORY = 50;
const TYPING_MS = 5000;
const SEVERAL = 3;
const WIDE = matchMedia('(min-width: 64rem)');
const NAMES = new Intl.ListFormat('en');

let views = 0;

/**
 * One room of the chat: its conversation, who is in it, and what is on its way to it. `on.unread` is told of a message of
 * somebody else, `on.changed` of every change of state, `on.leave` that the person wants to go.
 */
export class RoomView {
  #parley;
  #user;
  #on;
  #log;
  #transcript;
  #outgoing = new Map(); // by id: what was written and has not come back
  #typing = new Map(); // by user: the timer that ends it
  #known; // the offset up to which all was said before we came

  constructor(parley, name, user, on) {
    this.#parley = parley;
    this.#user = user;
    this.#on = on;
    this.name = name;
    this.view = document.getElementById('room-view').content.cloneNode(true).firstElementChild;
    this.#part('h3').textContent = `# ${name}`;
    this.#part('.log').setAttribute('aria-label', `Conversation in ${name}`);
    this.#log = new Log(this.#part('.log'));
    this.#transcript = new Transcript(this.#log);
    this.#compose();
    this.#part('[data-do=leave]').addEventListener('click', () => on.leave(this));
    this.#part('[data-do=retry]').addEventListener('click', () => this.#retry());
    this.#part('[data-do=who]').addEventListener('click', () => this.#showPeople(this.#part('.here').hidden));
    this.#showPeople(WIDE.matches);
    this.#join();
  }

  get state() {
    return this.room.state;
  }

  focus() {
    this.#part('textarea').focus();
  }

  leave() {
    for (const timer of this.#typing.values()) clearTimeout(timer);
    this.room.leave();
    this.view.remove();
  }

  #part(selector) {
    return this.view.querySelector(selector);
  }

  #join(since) {
    const room = this.#parley.join(this.name, { user: this.#user, history: HISTORY, since });
    const on = (type, tell) => room.addEventListener(type, ({ detail }) => tell(detail));
    this.room = room;
    on('state', (detail) => this.#changed(detail));
    on('welcome', ({ offset }) => {
      this.#known ??= offset;
      this.#people();
    });
    on('message', (detail) => this.#said(detail));
    on('joined', ({ user, connections }) => this.#moved(user, connections === 1, 'joined'));
    on('left', ({ user, connections }) => this.#moved(user, connections === 0, 'left'));
    on('presence', () => this.#people());
    on('typing', ({ user }) => this.#types(user));
    on('gap', () => this.#transcript.missing('Messages are missing here: they are no longer kept'));
    on('error', ({ message }) => this.#transcript.happened(message));
  }

  #changed({ state, via, code, reason }) {
    const status = this.#part('.status');
    const words = {
      connecting: 'Connecting…',
      open: `Connected as ${this.room.user}${via === 'sse' ? ', over HTTP' : ''}`,
      waiting: 'Reconnecting…',
      closed: 'Closed',
    };
    // An attempt that follows a wait is the same to a reader, and said once.
    const shown = state === 'connecting' && status.dataset.state === 'waiting' ? 'waiting' : state;
    status.dataset.state = shown;
    this.view.dataset.state = shown;
    if (status.textContent !== words[shown]) status.textContent = words[shown];
    const told = {
      waiting: () => `${describeWait(code)} It comes back by itself; what you write meanwhile is sent then.`,
      closed: () =>
        this.#known === undefined ? `Not let in: ${reason}` : describeClose({ code, reason, opened: true }),
    }[state];
    const banner = this.#part('.banner');
    if (told) banner.querySelector('p').textContent = told();
    if (told) banner.querySelector('button').textContent = state === 'closed' ? 'Join again' : 'Try now';
    banner.hidden = shown !== 'waiting' && shown !== 'closed';
    for (const { entry, note } of this.#outgoing.values()) {
      if (!('failed' in entry.dataset)) note.textContent = this.#noted();
    }
    if (state !== 'open') for (const user of [...this.#typing.keys()]) this.#types(user, false);
    this.#on.changed(this);
  }

  #retry() {
    if (this.state === 'closed') this.#join(this.room.position);
    else this.room.retry();
    this.focus();
  }

  #said(message) {
    const mine = message.from === this.room.user;
    this.#confirmed(message.id);
    this.#types(message.from, false);
    this.#transcript.said(message, mine);
    if (!mine && message.offset > this.#known) this.#on.unread(this);
  }

  #moved(user, told, word) {
    if (told) this.#transcript.happened(element('bdi', {}, user), ` ${word}`);
    if (word === 'left') this.#types(user, false);
    this.#people();
  }

  #people() {
    const { members, users, user } = this.room;
    this.#part('[data-do=who]').textContent = `${members} here`;
    const more = members - users.length;
    this.#part('.people').replaceChildren(
      ...users.map((name) => person(name, user)),
      more > 0 ? element('li', { class: 'more' }, `and ${more} more ${more === 1 ? 'connection' : 'connections'}`) : '',
    );
  }

  #showPeople(shown) {
    this.#part('.here').hidden = !shown;
    this.#part('[data-do=who]').setAttribute('aria-expanded', String(shown));
  }

  #types(user, yes = true) {
    clearTimeout(this.#typing.get(user));
    if (yes) this.#typing.set(user, setTimeout(() => this.#types(user, false), TYPING_MS));
    else this.#typing.delete(user);
    const names = [...this.#typing.keys()];
    let words = '';
    if (names.length === 1) words = `${names[0]} is typing…`;
    else if (names.length > SEVERAL) words = 'Several are typing…';
    else if (names.length > 1) words = `${NAMES.format(names)} are typing…`;
    this.#part('.typing').textContent = words;
  }

  // What is on its way.

  #compose() {
    const form = this.#part('.composer');
    const message = this.#part('textarea');
    message.id = `message-${++views}`;
    this.#part('.composer label').htmlFor = message.id;
    message.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      form.requestSubmit();
    });
    message.addEventListener('input', () => message.value !== '' && this.room.typing());
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (message.value.trim() === '') return;
      this.#say(message.value);
      message.value = '';
      message.focus();
    });
  }

  #say(text) {
    const id = messageId();
    const note = element('p', { class: 'note' }, this.#noted());
    const entry = bubble({ from: this.#user, text, mine: true }, note);
    entry.dataset.pending = '';
    this.#outgoing.set(id, { text, entry, note });
    this.#part('.outgoing').append(entry);
    this.#log.toEnd();
    this.#publish(id);
  }

  #publish(id) {
    const { text, entry, note } = this.#outgoing.get(id);
    this.room.publish(text, { id }).catch((error) => {
      const again = element('button', { type: 'button', class: 'quiet' }, 'Try again');
      const discard = element('button', { type: 'button', class: 'quiet' }, 'Discard');
      again.addEventListener('click', () => {
        delete entry.dataset.failed;
        note.replaceChildren(this.#noted());
        this.#publish(id);
      });
      discard.addEventListener('click', () => this.#confirmed(id));
      entry.dataset.failed = '';
      note.replaceChildren(`Not sent: ${error.message}. `, again, discard);
    });
  }

  #confirmed(id) {
    this.#outgoing.get(id)?.entry.remove();
    this.#outgoing.delete(id);
  }

  #noted() {
    return this.room.state === 'open' ? 'Sending…' : 'Is sent when the connection is back';
  }
}
