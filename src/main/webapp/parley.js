// The client of Parley; parley.d.ts says what it does.

const STAY_AWAY = [1000, 1003, 1007, 1008, 1009];
const LOST = { code: 1006, reason: 'the connection was lost' };
const LEFT = { code: 1000, reason: 'left' };
const TYPING_MS = 3000;
const STABLE_MS = 10_000;
const TRIES = 3;

const DEFAULTS = {
  WebSocket: globalThis.WebSocket,
  fetch: (...request) => globalThis.fetch(...request),
  history: 0,
  outbox: 1000,
  inFlight: 16,
  buffer: 10_000,
  heartbeatMs: 15_000,
  backoffMs: 500,
  backoffMaxMs: 30_000,
};

export class ParleyError extends Error {
  name = 'ParleyError';

  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

// Not randomUUID, which a page without TLS lacks.
export const messageId = () => crypto.getRandomValues(new Uint32Array(4)).join('-');

export function connect(url, options = {}) {
  const here = globalThis.location?.href;
  const base = new URL('./', new URL(url ?? here, here));
  base.protocol = base.protocol.replace('ws', 'http');
  const closing = new AbortController();
  return {
    join: (name, more = {}) => new Room(base, name, { ...DEFAULTS, ...options, ...more }, [closing, options, more]),
    close: () => closing.abort(),
  };
}

class Room extends EventTarget {
  user;
  epoch;
  offset;
  members = 0;
  state;
  #base;
  #options;
  #outbox = new Map(); // not acknowledged, by id, in order
  #users = new Set();
  #readers = new Set();
  #leaving = new AbortController();
  #ended; // why, once there is no further attempt
  #link; // the connection: say, send, end, via
  #skip; // ends the wait for the next attempt
  #attempts = 0;
  #blocked = TRIES - 1; // in a row, before they opened
  #drainMs;
  #most; // on the way at once
  #typed = 0;
  #renewal;

  constructor(base, name, options, signalling) {
    super();
    this.name = name;
    this.user = options.user;
    this.#base = base;
    this.#options = options;
    const [, epoch, offset] = /^(.+):(\d+)$/.exec(options.since) ?? [];
    if (epoch) Object.assign(this, { epoch, offset: +offset });
    const { signal } = this.#leaving;
    signal.addEventListener('abort', () => {
      this.#link?.end(LEFT);
      this.retry();
    });
    for (const { signal: given } of signalling) {
      if (given?.aborted) this.leave();
      given?.addEventListener('abort', () => this.leave(), { signal });
    }
    globalThis.addEventListener?.('online', () => this.retry(), { signal });
    queueMicrotask(() => this.#run()); // the caller adds listeners first
  }

  get position() {
    return this.offset >= 0 ? `${this.epoch}:${this.offset}` : undefined;
  }

  get users() {
    return [...this.#users];
  }

  get pending() {
    return this.#outbox.size;
  }

  publish(text, { id = messageId(), signal } = {}) {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (this.#ended) throw this.#gone();
      if (this.#outbox.has(id)) throw new ParleyError('duplicate-id', 'a message with this id is on its way');
      if (this.#outbox.size >= this.#options.outbox) throw new ParleyError('outbox-full', 'too much waits to be sent');
      const settle = (error, place) => {
        this.#outbox.delete(id);
        signal?.removeEventListener('abort', drop);
        if (error) reject(error);
        else resolve(place);
        this.#flush();
      };
      const drop = () => settle(signal.reason);
      signal?.addEventListener('abort', drop);
      this.#outbox.set(id, { id, text, settle });
      this.#typed = 0; // whoever types on has begun anew
      this.#flush();
    });
  }

  typing() {
    if (this.state !== 'open' || Date.now() - this.#typed < TYPING_MS) return;
    this.#typed = Date.now();
    this.#link.say('typing');
  }

  retry() {
    this.#skip?.();
  }

  leave() {
    this.#leaving.abort();
  }

  async *[Symbol.asyncIterator]() {
    const reader = { queue: [] };
    this.#readers.add(reader);
    try {
      for (;;) {
        if (reader.queue.length > this.#options.buffer) throw new ParleyError('too-slow', 'too many events wait');
        if (reader.queue.length) yield reader.queue.shift();
        else if (!this.#ended) await new Promise((wake) => (reader.wake = wake));
        else if (this.#ended === LEFT) return;
        else throw this.#gone();
      }
    } finally {
      this.#readers.delete(reader);
    }
  }

  async #run() {
    const { signal } = this.#leaving;
    const { backoffMs, backoffMaxMs } = this.#options;
    let end;
    while (!signal.aborted) {
      this.#to('connecting');
      const began = Date.now();
      end = await this.#attempt();
      this.#link = undefined;
      clearTimeout(this.#renewal);
      if (signal.aborted || STAY_AWAY.includes(end.code)) break;
      if (Date.now() - began > STABLE_MS) this.#attempts = 0;
      // Full jitter: those who were cut off together do not come back together.
      const jitteredMs = Math.random() * Math.min(backoffMaxMs, backoffMs * 2 ** this.#attempts++);
      const retryInMs = end.waitMs ?? jitteredMs;
      this.#to('waiting', { code: end.code, reason: end.reason, retryInMs });
      let timer;
      await new Promise((done) => {
        this.#skip = done;
        timer = setTimeout(done, retryInMs);
      });
      clearTimeout(timer);
    }
    this.#ended = signal.aborted ? LEFT : end;
    this.#leaving.abort();
    const { code, reason } = this.#ended;
    for (const { settle } of this.#outbox.values()) settle(this.#gone());
    this.#to('closed', { code, reason });
  }

  async #attempt() {
    let token;
    try {
      token = await this.#token();
    } catch (error) {
      this.#emit('error', { code: 'token', message: error.message });
      return { ...LOST, reason: 'there was no token' };
    }
    if (this.#leaving.signal.aborted) return LEFT;
    this.#drainMs = undefined;
    // The network lets no WebSocket through; or we are refused, of which only HTTP tells.
    if (this.#options.WebSocket && this.#blocked < TRIES) return this.#socket(token);
    this.#blocked = TRIES - 1;
    return this.#stream(token);
  }

  #socket(token) {
    return new Promise((resolve) => {
      const protocols = ['parley.v1', ...(token ? [`parley.token.${token}`] : [])];
      const address = this.#address('ws/chat/', '', this.#start()).replace('http', 'ws');
      const socket = new this.#options.WebSocket(address, protocols);
      this.#blocked++;
      const say = (type, more) => socket.readyState === 1 && socket.send(JSON.stringify({ type, ...more }));
      const end = (why) => {
        beat.stop();
        socket.onmessage = socket.onclose = null;
        socket.close(1000);
        resolve(why);
      };
      const beat = this.#beat(() => end(LOST), () => say('ping'));
      socket.onopen = () => {
        this.#blocked = 0;
        beat.heard();
      };
      socket.onmessage = ({ data }) => {
        beat.heard();
        this.#frame(data);
      };
      socket.onclose = ({ code, reason }) => end({ code, reason, waitMs: this.#drainMs });
      socket.onerror = () => {}; // a close follows
      this.#link = { say, end, via: 'websocket', send: ({ id, text }) => say('chat', { id, text }) };
      this.#renewBefore(token);
    });
  }

  async #stream(token) {
    const ending = new AbortController();
    const end = () => ending.abort();
    const beat = this.#beat(end);
    this.#link = { say() {}, end, via: 'sse', send: (entry) => this.#post(entry, token) };
    this.#renewBefore(token);
    try {
      const { since, ...query } = this.#start();
      const headers = { Accept: 'text/event-stream', ...(since && { 'Last-Event-ID': since }) };
      const response = await this.#http('/events', token, { headers, signal: ending.signal }, query);
      if (!response.ok) return await this.#refusal(response);
      let rest = '';
      for (const reader = response.body.pipeThrough(new TextDecoderStream()).getReader(); ; ) {
        const { done, value } = await reader.read();
        if (done) break;
        beat.heard();
        const lines = (rest + value).split(/\r?\n/);
        rest = lines.pop();
        for (const line of lines) if (line.startsWith('data:')) this.#frame(line.slice(5));
      }
    } catch {
      // lost
    } finally {
      beat.stop();
      end();
    }
    return { ...LOST, waitMs: this.#drainMs };
  }

  // A connection that was not heard for a beat is asked, and after another one lost.
  #beat(lost, ask) {
    let silent = 2;
    const timer = setInterval(() => {
      if (++silent > 2) lost();
      else if (silent > 1) ask?.();
    }, this.#options.heartbeatMs);
    return { heard: () => (silent = 0), stop: () => clearInterval(timer) };
  }

  async #refusal(response) {
    const problem = await response.json().catch(() => ({}));
    const afterMs = response.headers.get('Retry-After') * 1000;
    return {
      code: [400, 401, 403].includes(response.status) ? 1008 : 1006,
      problem: problem.code,
      reason: problem.detail ?? `the server answered ${response.status}`,
      waitMs: afterMs > 0 ? afterMs * (1 + Math.random()) : undefined,
    };
  }

  async #post({ id, text, settle }, token) {
    try {
      const response = await this.#http('/messages', token, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'Idempotency-Key': id },
        body: JSON.stringify({ text }),
      });
      if (response.ok) {
        const { epoch, offset } = await response.json();
        return settle(undefined, { epoch, offset });
      }
      const { problem = 'refused', reason } = await this.#refusal(response);
      const retried = response.status >= 500 || [408, 425, 429].includes(response.status);
      if (!retried) return settle(new ParleyError(problem, reason));
    } catch {
      // It may have arrived: the same id again finds out.
    }
    this.#later(id);
  }

  #frame(data) {
    for (const message of [].concat(JSON.parse(data))) this.#receive(message);
  }

  #receive({ type, ...detail }) {
    const { id, members, user } = detail;
    if (type === 'welcome') return this.#welcome(detail);
    if (type === 'ack') return this.#outbox.get(id)?.settle(undefined, { epoch: this.epoch, offset: detail.offset });
    if (type === 'error' && id) {
      if (detail.code === 'rate') this.#most = 1;
      if (['rate', 'unavailable'].includes(detail.code)) return this.#later(id);
      return this.#outbox.get(id)?.settle(new ParleyError(detail.code, detail.message));
    }
    if (type === 'message' || type === 'gap') {
      const to = detail.to ?? detail.offset;
      if (to <= this.offset) return; // known
      this.offset = to;
      detail.epoch = this.epoch;
    }
    if (type === 'drain') this.#drainMs = detail.reconnectAfterMs;
    if (members) this.members = members;
    const { joined = [], left = [] } = detail;
    if (type === 'joined') joined.push(user);
    if (type === 'left' && !detail.connections) left.push(user);
    for (const one of joined) this.#users.add(one);
    for (const one of left) this.#users.delete(one);
    if (type !== 'pong') this.#emit(type, detail);
  }

  #welcome(detail) {
    const { epoch, offset, user, members, users } = detail;
    const another = epoch !== this.epoch || offset < this.offset;
    const missed = another && this.offset >= 0;
    // History may follow, from before the offset.
    if (another) this.offset = this.#options.history ? undefined : offset;
    Object.assign(this, { epoch, user, members });
    this.#users = new Set(users);
    this.#emit('welcome', detail);
    if (missed) this.#emit('gap', { epoch });
    if (this.state !== 'open') {
      this.#most = this.#link.via === 'sse' ? 1 : this.#options.inFlight;
      for (const entry of this.#outbox.values()) entry.sent = false;
    }
    this.#to('open', { via: this.#link.via });
    this.#flush();
  }

  #flush() {
    if (!this.#link || this.state !== 'open') return;
    let most = this.#most;
    for (const entry of this.#outbox.values()) {
      if (entry.waits || most-- === 0) return;
      if (!entry.sent) {
        entry.sent = true;
        this.#link.send(entry);
      }
    }
  }

  #later(id) {
    const entry = this.#outbox.get(id);
    if (!entry) return;
    entry.waits = true;
    setTimeout(() => {
      entry.sent = entry.waits = false;
      this.#flush();
    }, this.#options.backoffMs * (1 + Math.random()));
  }

  async #token() {
    const { token } = this.#options;
    return typeof token === 'function' ? token() : token;
  }

  // While its token is good, a socket brings the next one; a stream is opened anew with it.
  #renewBefore(token) {
    let inMs;
    try {
      const claims = atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/'));
      inMs = Math.max(1000, (JSON.parse(claims).exp * 1000 - Date.now()) * 0.8);
    } catch {
      return; // no JWT
    }
    if (!(inMs < 2 ** 31)) return;
    const link = this.#link;
    this.#renewal = setTimeout(async () => {
      if (link.via === 'sse') return link.end();
      const next = await this.#token().catch(() => undefined);
      if (link !== this.#link) return;
      if (next && next !== token) link.say('auth', { token: next });
      this.#renewBefore(next ?? token);
    }, inMs);
  }

  #start() {
    const { position } = this;
    return position ? { since: position } : { history: this.#options.history };
  }

  #http(path, token, { headers, ...request }, query) {
    const authorization = token && { Authorization: `Bearer ${token}` };
    return this.#options.fetch(this.#address('api/rooms/', path, query), {
      ...request,
      headers: { ...headers, ...authorization },
    });
  }

  #address(before, after, query) {
    const url = new URL(before + encodeURIComponent(this.name) + after, this.#base);
    // Not by searchParams, which write a space as "+".
    url.search = Object.entries({ user: this.#options.user, ...query })
      .filter(([, value]) => value)
      .map(([key, value]) => `${key}=${encodeURIComponent(value)}`)
      .join('&');
    return url.href;
  }

  #gone() {
    const { problem = 'closed', reason } = this.#ended;
    return new ParleyError(problem, `the room is closed: ${reason}`);
  }

  #to(state, more) {
    this.state = state;
    this.#emit('state', { state, ...more });
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
    for (const { queue, wake } of this.#readers) {
      queue.push({ type, ...detail });
      wake?.();
    }
  }
}
