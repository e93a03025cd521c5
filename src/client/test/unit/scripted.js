import { mock } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { connect } from '../../../main/webapp/parley.js';

export const EPOCH = 'e1';

/** Lets what is due now happen; the clock stands still. */
export async function settle() {
  for (let i = 0; i < 4; i++) await turn();
}

/** Moves the clock of the test on. */
export async function pass(ms) {
  await settle();
  mock.timers.tick(ms);
  await settle();
}

export function stopTheClock() {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] });
}

/** A WebSocket whose server is the test. */
export class ScriptedSocket {
  static all = [];

  static get last() {
    return this.all.at(-1);
  }

  readyState = 0;
  sent = [];

  constructor(url, protocols) {
    Object.assign(this, { url: new URL(url), protocols });
    ScriptedSocket.all.push(this);
  }

  send(data) {
    this.sent.push(JSON.parse(data));
  }

  close(code) {
    this.closed ??= code;
    this.readyState = 3;
  }

  /** What the client said, of one type. */
  said(type) {
    return this.sent.filter((message) => message.type === type);
  }

  open() {
    this.readyState = 1;
    this.onopen?.();
    return this;
  }

  says(...messages) {
    this.onmessage?.({ data: JSON.stringify(messages.length === 1 ? messages[0] : messages) });
    return settle();
  }

  welcomes(more) {
    return this.open().says(welcome(more));
  }

  ends(code, reason = '') {
    this.readyState = 3;
    this.onclose?.({ code, reason });
    return settle();
  }
}

export const welcome = (more) => ({
  type: 'welcome',
  room: 'main',
  user: 'ada',
  peer: 'p1',
  epoch: EPOCH,
  offset: 0,
  recovered: false,
  members: 1,
  users: ['ada'],
  limits: { text: 65536, id: 64 },
  ...more,
});

export const message = (offset, text = `text ${offset}`) => ({
  type: 'message',
  offset,
  from: 'bashir',
  text,
  at: '2026-11-24T10:00:00Z',
});

const unreachable = () => Promise.reject(new TypeError('fetch failed'));

/** A room on scripted sockets, what it told, and its newest socket. */
export async function joined({ since, ...options } = {}) {
  ScriptedSocket.all = [];
  const room = connect('http://localhost/', { WebSocket: ScriptedSocket, fetch: unreachable, ...options }).join('main', { user: 'ada', since });
  const told = [];
  for (const type of ['state', 'welcome', 'message', 'joined', 'left', 'presence', 'typing', 'gap', 'drain', 'error']) {
    room.addEventListener(type, ({ detail }) => told.push({ type, ...detail }));
  }
  await settle();
  return { room, told, of: (type) => told.filter((event) => event.type === type), socket: () => ScriptedSocket.last };
}
