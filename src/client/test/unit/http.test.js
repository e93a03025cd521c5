import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, suite, test } from 'node:test';
import { EPOCH, ScriptedSocket, joined, message, pass, settle, stopTheClock, welcome } from './scripted.js';

/** A server of HTTP whose answers are the test's: one stream of events, and what is posted. */
class Http {
  requests = [];
  answers = [];

  fetch = async (url, request) => {
    this.requests.push({ ...request, url: new URL(url) });
    const answer = this.answers.shift();
    if (answer instanceof Error) throw answer;
    if (answer?.stop) request.signal.addEventListener('abort', () => answer.stop(request.signal.reason));
    return answer ?? new Response(null, { status: 404 });
  };

  stream() {
    let controller;
    const body = new ReadableStream({ start: (started) => (controller = started) });
    const response = new Response(body, { headers: { 'Content-Type': 'text/event-stream' } });
    this.answers.push(Object.assign(response, { stop: (reason) => controller.error(reason) }));
    return {
      bytes: (bytes) => controller.enqueue(bytes),
      text: (text) => controller.enqueue(new TextEncoder().encode(text)),
      says: (...messages) => controller.enqueue(new TextEncoder().encode(`data: ${JSON.stringify(messages)}\n\n`)),
      ends: () => controller.close(),
    };
  }

  answer(status, body, headers) {
    this.answers.push(new Response(JSON.stringify(body), { status, headers }));
  }
}

suite('Where no WebSocket passes', () => {
  let http;
  let open;

  beforeEach(() => {
    stopTheClock();
    http = new Http();
    open = [];
  });

  afterEach(async () => {
    for (const { room } of open) room.leave();
    await settle();
    mock.reset();
    mock.timers.reset();
  });

  async function joins(options) {
    const one = await joined({ fetch: http.fetch, ...options });
    open.push(one);
    return one;
  }

  /** A room whose WebSocket was cut before it opened, on its stream. */
  async function blocked(options) {
    const one = await joins(options);
    const stream = http.stream();
    await one.socket().ends(1006);
    await pass(500);
    return { ...one, stream };
  }

  test('a room falls back to a stream of events', async () => {
    const { of, stream } = await blocked();
    assert.equal(http.requests[0].url.href, 'http://localhost/api/rooms/main/events?user=ada');
    assert.equal(http.requests[0].headers.Accept, 'text/event-stream');
    stream.says(welcome());
    stream.text(': heartbeat\r\n\r\n');
    stream.text(`id: e1:1\r\nevent: message\r\ndata: ${JSON.stringify(message(1, 'é'))}\r`);
    stream.text('\n\r');
    const bytes = new TextEncoder().encode(`\ndata: ${JSON.stringify(message(2, '😀'))}\n\n`);
    for (const byte of bytes) stream.bytes(Uint8Array.of(byte));
    await settle();
    assert.equal(of('state').at(-1).via, 'sse');
    assert.deepEqual(of('message').map(({ text }) => text), ['é', '😀']);
  });

  test('a stream resumes by Last-Event-ID, after a WebSocket was tried', async () => {
    const { of, stream } = await blocked();
    stream.says(welcome(), message(1), message(2));
    await settle();
    stream.ends();
    await pass(1000);
    assert.equal(ScriptedSocket.all.length, 2);
    const next = http.stream();
    await ScriptedSocket.last.ends(1006);
    await pass(2000);
    assert.equal(http.requests[1].headers['Last-Event-ID'], `${EPOCH}:2`);
    next.says(welcome({ recovered: true, offset: 3 }), message(2), message(3));
    await settle();
    assert.deepEqual(of('message').map(({ offset }) => offset), [1, 2, 3]);
  });

  test('publishes go over HTTP, one after the other, under their id', async () => {
    const { room, stream } = await blocked({ token: 'secret' });
    const one = room.publish('one', { id: 'k1' });
    const two = room.publish('two', { id: 'k2' });
    http.answer(201, { epoch: EPOCH, offset: 1, id: 'k1' });
    http.answer(201, { epoch: EPOCH, offset: 2 });
    stream.says(welcome());
    await settle();
    assert.deepEqual([await one, await two], [{ epoch: EPOCH, offset: 1 }, { epoch: EPOCH, offset: 2 }]);
    const [, first, second] = http.requests;
    assert.equal(first.url.href, 'http://localhost/api/rooms/main/messages?user=ada');
    assert.equal(first.method, 'POST');
    assert.equal(first.body, '{"text":"one"}');
    assert.equal(first.headers['Idempotency-Key'], 'k1');
    assert.equal(first.headers.Authorization, 'Bearer secret');
    assert.equal(second.headers['Idempotency-Key'], 'k2');
  });

  test('a publish whose answer was lost goes out again under the same id', async () => {
    const { room, stream } = await blocked();
    const published = room.publish('hello', { id: 'k' });
    http.answers.push(new TypeError('fetch failed'));
    stream.says(welcome());
    await settle();
    http.answer(503, {});
    await pass(1000);
    http.answer(201, { epoch: EPOCH, offset: 1 });
    await pass(1000);
    assert.equal((await published).offset, 1);
    assert.deepEqual(http.requests.slice(1).map(({ headers }) => headers['Idempotency-Key']), ['k', 'k', 'k']);
  });

  for (const status of [408, 425, 429]) {
    test(`a publish that got ${status} goes out again under the same id`, async () => {
      const { room, stream } = await blocked();
      const published = room.publish('hello', { id: 'k' });
      http.answer(status, { code: 'timeout', detail: 'The request took longer than 45 seconds.' });
      stream.says(welcome());
      await settle();
      http.answer(201, { epoch: EPOCH, offset: 1 });
      await pass(1000);
      assert.equal((await published).offset, 1);
      assert.deepEqual(http.requests.slice(1).map(({ headers }) => headers['Idempotency-Key']), ['k', 'k']);
    });
  }

  test('a publish that is refused is rejected with the problem', async () => {
    const { room, stream } = await blocked();
    const published = room.publish('hello');
    http.answer(422, { code: 'duplicate-id', detail: 'another text has this id' });
    stream.says(welcome());
    await assert.rejects(published, { code: 'duplicate-id', message: 'another text has this id' });
  });

  test('a refusal is told in the words of the server, and obeyed', async () => {
    const { told, room, socket } = await joins();
    http.answer(403, { code: 'forbidden', detail: 'The token is not for this room.' });
    const published = room.publish('hello');
    await socket().ends(1006);
    const rejected = assert.rejects(published, { code: 'forbidden', message: /not for this room/ });
    await pass(500);
    await rejected;
    assert.deepEqual(told.at(-1), { type: 'state', state: 'closed', code: 1008, reason: 'The token is not for this room.' });
    await pass(60_000);
    assert.equal(ScriptedSocket.all.length, 1);
  });

  test('Retry-After is obeyed, spread over its double', async () => {
    mock.method(Math, 'random', () => 0.5);
    const { of, socket } = await joins();
    http.answer(429, {}, { 'Retry-After': '10' });
    await socket().ends(1006);
    await pass(500);
    assert.equal(of('state').at(-1).retryInMs, 15_000);
  });

  test('a server without the stream is asked by WebSocket again', async () => {
    const { socket } = await joins();
    await socket().ends(1006);
    await pass(500);
    await pass(1000);
    assert.equal(ScriptedSocket.all.length, 2);
    await socket().welcomes();
    assert.equal(http.requests.length, 1);
  });

  test('a network that let a WebSocket through before gets three tries', async () => {
    const { socket } = await joins();
    await socket().welcomes();
    for (let i = 0; i < 3; i++) {
      await socket().ends(1006);
      await pass(4000);
      assert.equal(http.requests.length, 0);
    }
    await socket().ends(1006);
    await pass(4000);
    assert.equal(http.requests.length, 1);
  });

  test('a silent stream is left', async () => {
    const { of, stream } = await blocked({ heartbeatMs: 1000 });
    stream.says(welcome());
    await settle();
    await pass(1000);
    await pass(1000);
    assert.equal(of('state').at(-1).state, 'open');
    await pass(1000);
    assert.equal(of('state').at(-1).state, 'waiting');
  });

  test('a stream can be all that is tried', async () => {
    http.stream();
    await joins({ WebSocket: null });
    assert.equal(ScriptedSocket.all.length, 0);
    assert.equal(http.requests.length, 1);
  });

  test('a stream with a token that ends is opened anew with the next one', async () => {
    let asked = 0;
    const jwt = () => `h.${btoa(JSON.stringify({ exp: Date.now() / 1000 + 10, n: ++asked }))}.s`;
    const first = http.stream();
    const { of } = await joins({ WebSocket: null, token: async () => jwt() });
    first.says(welcome());
    await settle();
    http.stream();
    await pass(8000);
    await pass(500);
    assert.equal(http.requests.length, 2);
    assert.notEqual(http.requests[1].headers.Authorization, http.requests[0].headers.Authorization);
    assert.deepEqual(of('gap'), []);
  });
});
