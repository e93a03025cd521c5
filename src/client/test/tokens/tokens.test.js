// The client against the server at PARLEY_URL, which lets nobody in without a token signed with PARLEY_TOKEN_SECRET.
import assert from 'node:assert/strict';
import { createHmac, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, suite, test } from 'node:test';
import { WebSocket } from 'ws';
import { connect } from '../../../main/webapp/parley.js';

const { PARLEY_URL, PARLEY_TOKEN_SECRET } = process.env;
const QUICK = { backoffMs: 50, backoffMaxMs: 200 };
const SHORT_S = 4;

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token (RFC 7519) that is good for some seconds. */
function token(sub, seconds = 60, more) {
  const signed = `${part({ alg: 'HS256' })}.${part({ sub, exp: Math.floor(Date.now() / 1000) + seconds, ...more })}`;
  return `${signed}.${createHmac('sha256', PARLEY_TOKEN_SECRET).update(signed).digest('base64url')}`;
}

for (const via of ['websocket', 'sse']) {
  suite(`With tokens, over ${via}`, { timeout: 60_000 }, () => {
    const opened = [];

    afterEach(() => {
      for (const parley of opened.splice(0)) parley.close();
    });

    function joins(options, name = `room-${randomUUID()}`) {
      const parley = connect(PARLEY_URL, { WebSocket: via === 'websocket' ? WebSocket : null, ...QUICK, ...options });
      opened.push(parley);
      const room = parley.join(name);
      const told = { room, texts: [], states: [], gaps: 0 };
      room.addEventListener('message', ({ detail }) => told.texts.push(detail.text));
      room.addEventListener('state', ({ detail }) => told.states.push(detail.state));
      room.addEventListener('gap', () => told.gaps++);
      return told;
    }

    test('a token lets its user in, under its name', async () => {
      const ada = joins({ token: token('Ada') });
      await ada.room.publish('hello');
      assert.equal(ada.room.user, 'Ada');
    });

    test('with a forged token the room is closed and the server says why', async () => {
      const { room } = joins({ token: `${token('Ada')}x` });
      await assert.rejects(room.publish('hello'), { name: 'ParleyError', code: 'unauthorized', message: /token/ });
      assert.equal(room.state, 'closed');
    });

    test('without a token the room is closed and the server says why', async () => {
      const { room } = joins();
      // Over a socket the server waits for one to come as a message.
      const code = via === 'websocket' ? 'closed' : 'unauthorized';
      await assert.rejects(room.publish('hello'), { name: 'ParleyError', code, message: /token/ });
      assert.equal(room.state, 'closed');
    });

    test('a token for other rooms closes the room', async () => {
      const { room } = joins({ token: token('Ada', 60, { rooms: ['elsewhere'] }) });
      await assert.rejects(room.publish('hello'), { name: 'ParleyError', code: 'forbidden' });
    });

    test('who may only read is told so when it publishes, and stays', async () => {
      const { room } = joins({ token: token('Ada', 60, { rights: ['read'] }) });
      await assert.rejects(room.publish('hello'), { name: 'ParleyError', code: 'forbidden' });
      assert.equal(room.state, 'open');
    });

    test('token after token the room goes on, and nothing is missed', async () => {
      let asked = 0;
      let renewed;
      const often = new Promise((done) => (renewed = done));
      const ada = joins({
        token: async () => {
          if (++asked > 3) renewed();
          return token('Ada', SHORT_S);
        },
      });
      const bashir = joins({ token: token('Bashir') }, ada.room.name);
      await Promise.all([once(ada.room, 'welcome'), once(bashir.room, 'welcome')]);
      const sent = [];
      let done = false;
      often.then(() => (done = true));
      while (!done) {
        sent.push(`${sent.length}`);
        await bashir.room.publish(sent.at(-1));
        await new Promise((later) => setTimeout(later, 100));
      }
      sent.push('end');
      await ada.room.publish('end');
      while (ada.texts.at(-1) !== 'end') await once(ada.room, 'message');
      assert.deepEqual(ada.texts, sent);
      assert.equal(ada.gaps, 0);
      if (via === 'websocket') assert.ok(!ada.states.includes('waiting'), 'the connection stays');
    });

    test('a token that ends and has no successor ends the room', async () => {
      const mine = token('Ada', SHORT_S);
      const { room } = joins({ token: () => mine });
      await once(room, 'welcome');
      while (room.state !== 'closed') await once(room, 'state');
      await assert.rejects(room.publish('hello'), { name: 'ParleyError' });
    });
  });
}
