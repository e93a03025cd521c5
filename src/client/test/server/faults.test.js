// The client against the server at PARLEY_URL, through a proxy that cuts, delays and swallows.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { WebSocket } from 'ws';
import { connect } from '../../../main/webapp/parley.js';
import { Proxy } from './proxy.js';

const SERVER = process.env.PARLEY_URL;
const PATIENCE_MS = 20_000;
const QUICK = { heartbeatMs: 300, backoffMs: 50, backoffMaxMs: 500 };

/** Resolves once it holds; checked with each event of the room. */
function until(room, holds) {
  return new Promise((resolve, reject) => {
    const patience = setTimeout(() => reject(new Error(`${room.user}: waited in vain for ${holds}`)), PATIENCE_MS);
    const look = () => {
      if (!holds()) return;
      clearTimeout(patience);
      resolve();
    };
    for (const type of ['state', 'welcome', 'message', 'joined', 'left', 'presence', 'typing', 'gap', 'error']) {
      room.addEventListener(type, look);
    }
    look();
  });
}

const numbers = (to) => Array.from({ length: to }, (_, i) => `${i}`);

for (const via of ['websocket', 'sse']) {
  suite(`Over ${via}`, { skip: SERVER ? false : 'PARLEY_URL names no server' }, () => {
    let proxy;
    let name;
    let opened;

    beforeEach(async () => {
      proxy = await Proxy.to(SERVER);
      name = `room-${randomUUID()}`;
      opened = [];
    });

    afterEach(async () => {
      for (const parley of opened) parley.close();
      await proxy.close();
    });

    /** A room, joined straight or through the proxy, with what it told. */
    async function joins(user, url, { since, ...options } = {}) {
      const parley = connect(url, { WebSocket: via === 'websocket' ? WebSocket : null, ...QUICK, ...options });
      opened.push(parley);
      const room = parley.join(name, { user, since });
      const told = { room, messages: [], gaps: [], errors: [], typing: [], states: [] };
      room.addEventListener('message', ({ detail }) => told.messages.push(detail));
      room.addEventListener('gap', ({ detail }) => told.gaps.push(detail));
      room.addEventListener('error', ({ detail }) => told.errors.push(detail));
      room.addEventListener('typing', ({ detail }) => told.typing.push(detail));
      room.addEventListener('state', ({ detail }) => told.states.push(detail));
      await until(room, () => room.state === 'open' || room.state === 'closed');
      return told;
    }

    const texts = ({ messages }) => messages.map(({ text }) => text);

    test('a message is acknowledged where all read it', async () => {
      const ada = await joins('Ada', SERVER);
      const bashir = await joins('Bashir', SERVER);
      assert.equal(ada.room.state, 'open');
      assert.equal(ada.states.at(-1).via, via);
      const place = await ada.room.publish('hello', { id: 'k1' });
      await until(bashir.room, () => bashir.messages.length === 1);
      const [{ from, text, at, epoch, offset, id }] = bashir.messages;
      assert.deepEqual({ from, text, id }, { from: 'Ada', text: 'hello', id: undefined });
      assert.deepEqual({ epoch, offset }, place);
      assert.ok(Math.abs(Date.now() - Date.parse(at)) < 60_000);
      await until(ada.room, () => ada.messages.length === 1);
      assert.deepEqual(await ada.room.publish('hello', { id: 'k1' }), place);
      await assert.rejects(ada.room.publish('other', { id: 'k1' }), { code: 'duplicate-id' });
    });

    test('a lost acknowledgement does not make a message appear twice', async () => {
      const ada = await joins('Ada', proxy.url);
      const bashir = await joins('Bashir', SERVER);
      proxy.mute = true;
      const published = ada.room.publish('once');
      await until(bashir.room, () => bashir.messages.length === 1);
      proxy.cut();
      proxy.mute = false;
      const { offset } = await published;
      await ada.room.publish('end');
      await until(bashir.room, () => texts(bashir).includes('end'));
      await until(ada.room, () => texts(ada).includes('end'));
      assert.deepEqual(texts(bashir), ['once', 'end']);
      assert.deepEqual(texts(ada), ['once', 'end']);
      assert.equal(bashir.messages[0].offset, offset);
    });

    test('what is published in the dark arrives in order, once, and nothing is missed meanwhile', async () => {
      const ada = await joins('Ada', proxy.url);
      const bashir = await joins('Bashir', SERVER);
      proxy.dark = true;
      const published = numbers(20).map((text) => ada.room.publish(text));
      await bashir.room.publish('meanwhile');
      await until(ada.room, () => ada.room.state === 'waiting');
      proxy.dark = false;
      await Promise.all(published);
      await until(ada.room, () => ada.messages.length === 21);
      await until(bashir.room, () => bashir.messages.length === 21);
      assert.deepEqual(texts(ada), ['meanwhile', ...numbers(20)]);
      assert.deepEqual(texts(bashir), ['meanwhile', ...numbers(20)]);
      assert.deepEqual(ada.gaps, []);
    });

    test('delay changes nothing but the time', async () => {
      proxy.delayMs = 100;
      const ada = await joins('Ada', proxy.url, { heartbeatMs: 5000 });
      await Promise.all(numbers(10).map((text) => ada.room.publish(text)));
      await until(ada.room, () => ada.messages.length === 10);
      assert.deepEqual(texts(ada), numbers(10));
      assert.equal(ada.states.filter(({ state }) => state === 'waiting').length, 0);
    });

    test('through cut after cut each message comes once and in order, to all', async () => {
      const rounds = via === 'websocket' ? 150 : 60;
      const everybody = await Promise.all(
        ['Ada', 'Bashir', 'Chen', 'Dara'].map((user) => joins(user, proxy.url, { backoffMaxMs: 50 })),
      );
      const writers = everybody.slice(0, 2);
      await Promise.all(
        writers.map(async ({ room }) => {
          for (const [i, text] of numbers(rounds).entries()) {
            const published = room.publish(text);
            // By the count and not by a clock: a quick server has it all before a first tick. Each time at another place
            // of what is under way.
            if (i % 15 === 7) setTimeout(() => proxy.cut(), i % 4);
            await published;
          }
        }),
      );
      for (const reader of everybody) {
        await until(reader.room, () => reader.messages.length >= 2 * rounds);
        for (const { room } of writers) {
          const read = reader.messages.filter(({ from }) => from === room.user);
          assert.deepEqual(read.map(({ text }) => text), numbers(rounds));
        }
        assert.deepEqual(reader.messages.map(({ offset }) => offset), everybody[0].messages.map(({ offset }) => offset));
        assert.deepEqual(reader.gaps, []);
      }
      assert.ok(proxy.connections > everybody.length, 'something was cut');
    });

    test('another room object resumes where the first one stood', async () => {
      const ada = await joins('Ada', SERVER);
      await ada.room.publish('read');
      await until(ada.room, () => ada.messages.length === 1);
      const since = ada.room.position;
      ada.room.leave();
      const bashir = await joins('Bashir', SERVER);
      await bashir.room.publish('missed');
      const again = await joins('Ada', SERVER, { since });
      await until(again.room, () => again.messages.length === 1);
      assert.deepEqual(texts(again), ['missed']);
      assert.deepEqual(again.gaps, []);
    });

    test('a position in a history that is none is told as a gap', async () => {
      const ada = await joins('Ada', SERVER, { since: 'no-such-epoch:7' });
      assert.equal(ada.room.state, 'open');
      assert.equal(ada.gaps.length, 1);
      await ada.room.publish('hello');
      await until(ada.room, () => ada.messages.length === 1);
    });

    test('who joins is told of the newest messages, if it asks', async () => {
      const ada = await joins('Ada', SERVER);
      for (const text of numbers(5)) await ada.room.publish(text);
      const bashir = await joins('Bashir', SERVER, { history: 3 });
      await until(bashir.room, () => bashir.messages.length === 3);
      const chen = await joins('Chen', SERVER);
      await ada.room.publish('end');
      await until(bashir.room, () => bashir.messages.length === 4);
      await until(chen.room, () => chen.messages.length === 1);
      assert.deepEqual(texts(bashir), ['2', '3', '4', 'end']);
      assert.deepEqual(texts(chen), ['end']);
    });

    test('a text that is too long is refused in words, and the room stays', async () => {
      const ada = await joins('Ada', SERVER);
      await assert.rejects(ada.room.publish('é'.repeat(40_000)), { code: 'too-long', message: /65536/ });
      await ada.room.publish('"'.repeat(65_536));
      await until(ada.room, () => ada.messages.length === 1);
    });
  });
}

suite('Where no WebSocket passes', { skip: SERVER ? false : 'PARLEY_URL names no server' }, () => {
  let proxy;

  beforeEach(async () => (proxy = await Proxy.to(SERVER)));
  afterEach(() => proxy.close());

  test('the client reads events and publishes over HTTP by itself, and goes back when a WebSocket passes', async () => {
    proxy.blocksUpgrades = true;
    const parley = connect(proxy.url, { WebSocket, ...QUICK });
    const room = parley.join(`room-${randomUUID()}`, { user: 'Ada' });
    const ways = [];
    const read = [];
    room.addEventListener('state', ({ detail }) => detail.via && ways.push(detail.via));
    room.addEventListener('message', ({ detail }) => read.push(detail.text));
    await room.publish('over HTTP');
    assert.deepEqual(ways, ['sse']);
    proxy.blocksUpgrades = false;
    proxy.cut();
    await until(room, () => ways.length === 2);
    await room.publish('over a WebSocket');
    await until(room, () => read.length === 2);
    assert.deepEqual(ways, ['sse', 'websocket']);
    assert.deepEqual(read, ['over HTTP', 'over a WebSocket']);
    parley.close();
  });

  test('a refusal is told in the words of the server', async () => {
    const room = connect(SERVER, { WebSocket, ...QUICK }).join('main', { user: 'no: name' });
    await assert.rejects(room.publish('hello'), { name: 'ParleyError', message: /name/i });
    assert.equal(room.state, 'closed');
  });
});

suite('Presence', { skip: SERVER ? false : 'PARLEY_URL names no server' }, () => {
  test('who comes, types and goes is told to the others', async () => {
    const parley = connect(SERVER, { WebSocket, ...QUICK });
    const name = `room-${randomUUID()}`;
    const ada = parley.join(name, { user: 'Ada' });
    await until(ada, () => ada.state === 'open');
    const bashir = parley.join(name, { user: 'Bashir' });
    await until(ada, () => ada.members === 2);
    await until(bashir, () => bashir.state === 'open');
    assert.deepEqual(ada.users.sort(), ['Ada', 'Bashir']);
    assert.deepEqual(bashir.users.sort(), ['Ada', 'Bashir']);
    const typing = [];
    ada.addEventListener('typing', ({ detail }) => typing.push(detail.user));
    bashir.typing();
    await until(ada, () => typing.length === 1);
    assert.deepEqual(typing, ['Bashir']);
    bashir.leave();
    await until(ada, () => ada.members === 1);
    assert.deepEqual(ada.users, ['Ada']);
    parley.close();
  });
});
