import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, suite, test } from 'node:test';
import { ParleyError, connect } from '../../../main/webapp/parley.js';
import { EPOCH, ScriptedSocket, joined, message, pass, settle, stopTheClock, welcome } from './scripted.js';

const NEVER = 24 * 60 * 60 * 1000;
const jwt = (claims) => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;

suite('A room', () => {
  let open;

  beforeEach(() => {
    stopTheClock();
    open = [];
  });

  afterEach(async () => {
    for (const { room } of open) room.leave();
    await settle();
    mock.reset();
    mock.timers.reset();
  });

  async function joins(options) {
    const one = await joined(options);
    open.push(one);
    return one;
  }

  test('is asked for by name, user and subprotocol', async () => {
    const { socket } = await joins();
    assert.equal(socket().url.href, 'ws://localhost/ws/chat/main?user=ada');
    assert.deepEqual(socket().protocols, ['parley.v1']);
  });

  test('keeps the context path, encodes names and writes a space as %20', async () => {
    const parley = connect('https://example.org/parley/index.html', { WebSocket: ScriptedSocket });
    const room = parley.join('a/b', { user: 'Ada Lovelace', since: 'e9:7' });
    open.push({ room });
    await settle();
    assert.equal(ScriptedSocket.last.url.href, 'wss://example.org/parley/ws/chat/a%2Fb?user=Ada%20Lovelace&since=e9%3A7');
  });

  test('resolves a publish with its place, once it is acknowledged', async () => {
    const { room, socket } = await joins();
    await socket().welcomes();
    const published = room.publish('hello');
    const [{ id, text }] = socket().said('chat');
    assert.equal(text, 'hello');
    assert.match(id, /^[0-9]+(-[0-9]+){3}$/);
    await socket().says({ type: 'ack', id, offset: 5 });
    assert.deepEqual(await published, { epoch: EPOCH, offset: 5 });
    assert.equal(room.pending, 0);
  });

  test('sends what was published offline, in order, after the welcome', async () => {
    const { room, socket } = await joins();
    room.publish('one').catch(() => {});
    room.publish('two').catch(() => {});
    socket().open();
    assert.deepEqual(socket().sent, []);
    await socket().welcomes();
    assert.deepEqual(socket().said('chat').map(({ text }) => text), ['one', 'two']);
  });

  test('sends again under the same id when the acknowledgement was lost', async () => {
    const { room, socket } = await joins();
    await socket().welcomes();
    const published = room.publish('hello');
    const [first] = socket().said('chat');
    await socket().ends(1006);
    await pass(500);
    await socket().welcomes({ recovered: true });
    const [again] = socket().said('chat');
    assert.deepEqual(again, first);
    await socket().says({ type: 'ack', id: again.id, offset: 3 });
    assert.deepEqual(await published, { epoch: EPOCH, offset: 3 });
    await socket().ends(1006);
    await pass(1000);
    await socket().welcomes({ recovered: true });
    assert.deepEqual(socket().said('chat'), []);
  });

  test('refuses what does not fit the outbox, and keeps the rest', async () => {
    const { room } = await joins({ outbox: 1 });
    room.publish('fits').catch(() => {});
    await assert.rejects(room.publish('does not'), { name: 'ParleyError', code: 'outbox-full' });
    assert.equal(room.pending, 1);
  });

  test('has only so much unacknowledged on the way', async () => {
    const { room, socket } = await joins({ inFlight: 2 });
    await socket().welcomes();
    for (let i = 0; i < 4; i++) room.publish(`${i}`).catch(() => {});
    assert.equal(socket().said('chat').length, 2);
    await socket().says({ type: 'ack', id: socket().said('chat')[0].id, offset: 1 });
    assert.deepEqual(socket().said('chat').map(({ text }) => text), ['0', '1', '2']);
  });

  test('rejects a publish that the server refuses, with its code and words', async () => {
    const { room, socket } = await joins();
    await socket().welcomes();
    const published = room.publish('x'.repeat(9));
    const [{ id }] = socket().said('chat');
    socket().says({ type: 'error', code: 'too-long', message: 'the text is too long', id });
    await assert.rejects(published, new ParleyError('too-long', 'the text is too long'));
  });

  for (const code of ['unavailable', 'rate']) {
    test(`publishes again, under the same id, after “${code}”`, async () => {
      const { room, socket } = await joins();
      await socket().welcomes();
      const published = room.publish('hello');
      const [{ id }] = socket().said('chat');
      await socket().says({ type: 'error', code, message: 'not now', id });
      assert.equal(socket().said('chat').length, 1);
      await pass(1000);
      assert.deepEqual(socket().said('chat').map((chat) => chat.id), [id, id]);
      await socket().says({ type: 'ack', id, offset: 1 });
      assert.equal((await published).offset, 1);
    });
  }

  test('sends one at a time after “rate”, until it connects anew', async () => {
    const { room, socket } = await joins({ inFlight: 2 });
    await socket().welcomes();
    for (let i = 0; i < 4; i++) room.publish(`${i}`).catch(() => {});
    const [first, second] = socket().said('chat');
    await socket().says({ type: 'error', code: 'rate', message: 'not now', id: second.id });
    await socket().says({ type: 'ack', id: first.id, offset: 1 });
    assert.equal(socket().said('chat').length, 2);
    await pass(1000);
    assert.deepEqual(socket().said('chat').map(({ text }) => text), ['0', '1', '1']);
    await socket().says({ type: 'ack', id: second.id, offset: 2 });
    assert.deepEqual(socket().said('chat').map(({ text }) => text), ['0', '1', '1', '2']);
    await socket().ends(1006);
    await pass(500);
    await socket().welcomes({ recovered: true });
    assert.deepEqual(socket().said('chat').map(({ text }) => text), ['2', '3']);
  });

  test('tells of each message once and in order, whether frames hold one or many', async () => {
    const { of, room, socket } = await joins();
    await socket().welcomes();
    await socket().says(message(1), message(2));
    await socket().says(message(2));
    await socket().says(message(4), message(3), message(5));
    assert.deepEqual(of('message').map(({ offset }) => offset), [1, 2, 4, 5]);
    assert.deepEqual(of('message')[0], { ...message(1), epoch: EPOCH });
    assert.equal(room.position, `${EPOCH}:5`);
  });

  test('resumes where it was', async () => {
    const { of, socket } = await joins();
    await socket().welcomes({ offset: 7 });
    await socket().ends(1006);
    await pass(500);
    assert.equal(socket().url.searchParams.get('since'), `${EPOCH}:7`);
    await socket().welcomes({ offset: 9, recovered: true });
    await socket().says(message(7), message(8), message(9));
    assert.deepEqual(of('message').map(({ offset }) => offset), [8, 9]);
    assert.deepEqual(of('gap'), []);
    await socket().ends(1006);
    await pass(1000);
    assert.equal(socket().url.searchParams.get('since'), `${EPOCH}:9`);
  });

  test('tells of a gap, and does not ask for it again', async () => {
    const { of, socket } = await joins();
    await socket().welcomes();
    await socket().says({ type: 'gap', from: 1, to: 6 }, message(7));
    assert.deepEqual(of('gap'), [{ type: 'gap', from: 1, to: 6, epoch: EPOCH }]);
    assert.deepEqual(of('message').map(({ offset }) => offset), [7]);
    await socket().says({ type: 'gap', from: 8, to: 9 });
    await socket().ends(1006);
    await pass(500);
    assert.equal(socket().url.searchParams.get('since'), `${EPOCH}:9`);
  });

  test('tells of a gap when the history is another one, and reads on in it', async () => {
    const { of, socket } = await joins();
    await socket().welcomes({ offset: 7 });
    await socket().ends(1001);
    await pass(500);
    await socket().welcomes({ epoch: 'e2', offset: 2 });
    await socket().says(message(3));
    assert.deepEqual(of('gap'), [{ type: 'gap', epoch: 'e2' }]);
    assert.deepEqual(of('message').map(({ epoch, offset }) => `${epoch}:${offset}`), ['e2:3']);
  });

  test('is where the new history is when nothing was said since it began', async () => {
    const { socket } = await joins();
    await socket().welcomes({ offset: 7 });
    await socket().says(welcome({ epoch: 'e2', offset: 2 }));
    await socket().ends(1001);
    await pass(500);
    assert.equal(socket().url.searchParams.get('since'), 'e2:2');
  });

  test('asks for history until it has read something, and then for what it has not read', async () => {
    const { of, room, socket } = await joins({ history: 50 });
    assert.equal(socket().url.searchParams.get('history'), '50');
    await socket().welcomes({ offset: 3 });
    assert.equal(room.position, undefined);
    await socket().ends(1006);
    await pass(500);
    assert.equal(socket().url.searchParams.get('history'), '50');
    await socket().welcomes({ offset: 3 });
    await socket().says(message(2), message(3), message(4));
    await socket().ends(1006);
    await pass(1000);
    assert.equal(socket().url.search, `?user=ada&since=${EPOCH}%3A4`);
    assert.deepEqual(of('message').map(({ offset }) => offset), [2, 3, 4]);
    assert.deepEqual(of('gap'), []);
  });

  test('reads the history of another epoch after a gap', async () => {
    const { of, socket } = await joins({ history: 50 });
    await socket().welcomes({ offset: 3 });
    await socket().says(message(3));
    await socket().ends(1006);
    await pass(500);
    await socket().welcomes({ epoch: 'e2', offset: 2 });
    await socket().says(message(1), message(2));
    assert.deepEqual(of('gap'), [{ type: 'gap', epoch: 'e2' }]);
    assert.deepEqual(of('message').map(({ epoch, offset }) => `${epoch}:${offset}`), [`${EPOCH}:3`, 'e2:1', 'e2:2']);
  });

  test('is told by the server which messages are no longer kept', async () => {
    const { of, socket } = await joins();
    await socket().welcomes({ offset: 3 });
    await socket().ends(1006);
    await pass(500);
    await socket().welcomes({ offset: 9, recovered: false });
    await socket().says({ type: 'gap', from: 4, to: 7 }, message(8), message(9));
    assert.deepEqual(of('gap'), [{ type: 'gap', from: 4, to: 7, epoch: EPOCH }]);
    assert.deepEqual(of('message').map(({ offset }) => offset), [8, 9]);
  });

  test('a position from the future is taken for another history', async () => {
    const { of, room, socket } = await joins({ since: `${EPOCH}:99` });
    assert.equal(socket().url.searchParams.get('since'), `${EPOCH}:99`);
    await socket().welcomes({ offset: 3 });
    assert.equal(of('gap').length, 1);
    assert.equal(room.position, `${EPOCH}:3`);
  });

  for (const code of [1000, 1003, 1007, 1008, 1009]) {
    test(`stays away after ${code}`, async () => {
      const { room, told, socket } = await joins();
      await socket().welcomes();
      const published = room.publish('hello');
      socket().ends(code, 'because');
      await assert.rejects(published, { name: 'ParleyError', code: 'closed', message: /because/ });
      await pass(NEVER);
      assert.equal(ScriptedSocket.all.length, 1);
      assert.deepEqual(told.at(-1), { type: 'state', state: 'closed', code, reason: 'because' });
      await assert.rejects(room.publish('more'), { code: 'closed' });
    });
  }

  for (const code of [1001, 1005, 1006, 1011, 1012, 1013]) {
    test(`comes back after ${code}, within the jitter`, async () => {
      const { told, socket } = await joins();
      mock.method(Math, 'random', () => 0.5);
      await socket().welcomes();
      await socket().ends(code, 'because');
      assert.deepEqual(told.at(-1), { type: 'state', state: 'waiting', code, reason: 'because', retryInMs: 250 });
      await pass(249);
      assert.equal(ScriptedSocket.all.length, 1);
      await pass(1);
      assert.equal(ScriptedSocket.all.length, 2);
    });
  }

  test('comes back after a drain when the server said so', async () => {
    const { of, socket } = await joins();
    await socket().welcomes();
    await socket().says({ type: 'drain', reconnectAfterMs: 4321 });
    await socket().ends(1012, 'drain');
    assert.equal(of('state').at(-1).retryInMs, 4321);
    await pass(4320);
    assert.equal(ScriptedSocket.all.length, 1);
    await pass(1);
    assert.equal(ScriptedSocket.all.length, 2);
  });

  test('waits longer from failure to failure, at random, up to a bound, and starts anew after a stable connection', async () => {
    mock.method(Math, 'random', () => 0.5);
    const { of, socket } = await joins({ backoffMs: 100, backoffMaxMs: 1000 });
    for (const waits of [[50, 100], [200, 400], [500, 500]]) {
      await socket().ends(1006); // then a stream is tried, and fails
      for (const ms of waits) await pass(ms);
    }
    const waits = () => of('state').filter(({ state }) => state === 'waiting').map(({ retryInMs }) => retryInMs);
    assert.deepEqual(waits(), [50, 100, 200, 400, 500, 500]);
    await socket().welcomes();
    await pass(14_999);
    await socket().ends(1006);
    assert.equal(waits().at(-1), 50);
  });

  test('comes back at once when asked to', async () => {
    mock.method(Math, 'random', () => 0.999);
    const { room, socket } = await joins();
    await socket().welcomes();
    await socket().ends(1006);
    room.retry();
    await settle();
    assert.equal(ScriptedSocket.all.length, 2);
  });

  test('asks a silent server, and leaves one that does not answer', async () => {
    const { of, socket } = await joins({ heartbeatMs: 1000 });
    await socket().welcomes();
    await pass(1000);
    await pass(1000);
    assert.equal(socket().said('ping').length, 1);
    await socket().says({ type: 'pong' });
    await pass(1000);
    await pass(1000);
    assert.equal(socket().said('ping').length, 2);
    await pass(1000);
    assert.equal(socket().closed, 1000);
    assert.equal(of('state').at(-1).state, 'waiting');
  });

  test('leaves a server that never opens', async () => {
    const { of, socket } = await joins({ heartbeatMs: 1000 });
    await pass(1000);
    assert.equal(of('state').at(-1).state, 'waiting');
    assert.equal(socket().closed, 1000);
  });

  test('knows who is there', async () => {
    const { of, room, socket } = await joins();
    await socket().welcomes({ members: 2, users: ['bashir', 'ada'] });
    await socket().says({ type: 'joined', user: 'chen', members: 3, connections: 1 });
    await socket().says({ type: 'joined', user: 'chen', members: 4, connections: 2 });
    await socket().says({ type: 'left', user: 'chen', members: 3, connections: 1 });
    assert.deepEqual(room.users, ['bashir', 'ada', 'chen']);
    await socket().says({ type: 'left', user: 'chen', members: 2, connections: 0 });
    await socket().says({ type: 'presence', members: 900, joined: ['dara'], left: ['bashir'] });
    assert.deepEqual(room.users, ['ada', 'dara']);
    assert.equal(room.members, 900);
    assert.deepEqual(of('left').map(({ user, connections }) => [user, connections]), [['chen', 1], ['chen', 0]]);
  });

  test('says that somebody types, but not with every key', async () => {
    const { of, room, socket } = await joins();
    room.typing(); // offline: nobody to tell
    await pass(3000);
    await socket().welcomes();
    room.typing();
    room.typing();
    assert.equal(socket().said('typing').length, 1);
    await pass(3000);
    room.typing();
    assert.equal(socket().said('typing').length, 2);
    room.publish('hello').catch(() => {});
    room.typing();
    assert.equal(socket().said('typing').length, 3);
    await socket().says({ type: 'typing', user: 'bashir' });
    assert.deepEqual(of('typing'), [{ type: 'typing', user: 'bashir' }]);
  });

  test('brings a token with each connection, and a new one before it ends', async () => {
    let asked = 0;
    const token = async () => jwt({ exp: Date.now() / 1000 + 100, n: ++asked });
    const { room, socket } = await joins({ token });
    assert.deepEqual(socket().protocols, ['parley.v1', `parley.token.${jwt({ exp: Date.now() / 1000 + 100, n: 1 })}`]);
    await socket().welcomes();
    for (let i = 0; i < 79; i++) {
      await pass(1000);
      await socket().says({ type: 'pong' });
    }
    assert.deepEqual(socket().said('auth'), []);
    await pass(1000);
    assert.equal(socket().said('auth').length, 1);
    room.publish('on its way').catch(() => {});
    await socket().says(welcome({ recovered: true })); // the answer to auth
    assert.equal(socket().said('chat').length, 1);
    await socket().ends(1006);
    await pass(1000);
    assert.equal(asked, 3);
  });

  test('tells why there is no token, and tries again', async () => {
    let fail = true;
    const token = async () => {
      if (fail) throw new Error('signed out');
      return 'opaque';
    };
    const { of, socket } = await joins({ token });
    assert.deepEqual(of('error'), [{ type: 'error', code: 'token', message: 'signed out' }]);
    fail = false;
    await pass(500);
    assert.deepEqual(socket().protocols, ['parley.v1', 'parley.token.opaque']);
  });

  test('tells of errors that are about no message', async () => {
    const { of, socket } = await joins();
    await socket().welcomes();
    await socket().says({ type: 'error', code: 'bad-token', message: 'The token has expired.' });
    assert.deepEqual(of('error'), [{ type: 'error', code: 'bad-token', message: 'The token has expired.' }]);
  });

  test('is left by a signal, at any time', async () => {
    for (const when of ['before', 'while connecting', 'while open', 'while waiting']) {
      const abort = new AbortController();
      if (when === 'before') abort.abort();
      const { told, socket } = await joins({ signal: abort.signal });
      if (when === 'while open' || when === 'while waiting') await socket().welcomes();
      if (when === 'while waiting') await socket().ends(1006);
      const connections = ScriptedSocket.all.length;
      abort.abort();
      await pass(NEVER);
      assert.equal(told.at(-1).state, 'closed', when);
      assert.equal(ScriptedSocket.all.length, connections, when);
      assert.equal(connections, when === 'before' ? 0 : 1, when);
    }
  });

  test('drops one publish by a signal, and no other', async () => {
    const { room, socket } = await joins();
    const abort = new AbortController();
    const dropped = room.publish('dropped', { signal: abort.signal });
    const kept = room.publish('kept', { id: 'k' });
    abort.abort();
    await assert.rejects(dropped, { name: 'AbortError' });
    await assert.rejects(room.publish('late', { signal: abort.signal }), { name: 'AbortError' });
    await socket().welcomes();
    assert.deepEqual(socket().said('chat'), [{ type: 'chat', id: 'k', text: 'kept' }]);
    await socket().says({ type: 'ack', id: 'k', offset: 1 });
    await kept;
  });

  test('is read with for await, to its end', async () => {
    const { room, socket } = await joins();
    const read = [];
    const reading = (async () => {
      for await (const event of room) read.push(event.type === 'message' ? event.offset : event.type);
    })();
    await socket().welcomes();
    await socket().says(message(1), message(2), { type: 'left', user: 'bashir', members: 1, connections: 0 });
    room.leave();
    await reading;
    assert.deepEqual(read, ['welcome', 'state', 1, 2, 'left', 'state']);
  });

  test('throws from for await when the server sent us away', async () => {
    const { room, socket } = await joins();
    const next = room[Symbol.asyncIterator]();
    const first = next.next();
    await socket().welcomes();
    await first;
    await next.next();
    socket().ends(1008, 'too many messages');
    assert.equal((await next.next()).value.state, 'closed');
    await assert.rejects(next.next(), { code: 'closed', message: /too many messages/ });
  });

  test('lets no reader that stands still hold more than its bound', async () => {
    const { room, socket } = await joins({ buffer: 3 });
    const events = room[Symbol.asyncIterator]();
    const first = events.next();
    await socket().welcomes();
    await first;
    await socket().says(message(1), message(2), message(3), message(4));
    await assert.rejects(events.next(), { code: 'too-slow' });
  });
});
