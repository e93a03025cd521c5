// Readers and writers of one room for minutes, through a proxy that cuts each connection again and again:
//   npm run soak -- --url http://localhost:8080/ [--transport sse] [--seconds 300] [--seed 1] ...
// SIGTERM ends the publishing early. Prints one line, and ends with status 1 if a promise was broken. The server must keep
// the whole history meanwhile: parley.history.messages and parley.history.bytes above what is published.
import { randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { WebSocket } from 'ws';
import { connect } from '../../main/webapp/parley.js';
import { Proxy } from '../test/server/proxy.js';
import { judge, kept } from './judge.js';

const PATIENCE_MS = 90_000;
const PAGE = 1000;

const { values: given } = parseArgs({
  options: {
    url: { type: 'string' },
    transport: { type: 'string', default: 'ws' }, // ws, sse, or both: the first half by WebSocket, the other by events
    seconds: { type: 'string', default: '300' },
    readers: { type: 'string', default: '200' },
    writers: { type: 'string', default: '20' },
    rate: { type: 'string', default: '2' }, // messages a second of each writer
    cut: { type: 'string', default: '10' }, // seconds that a connection lives on average: half of it to half as much again; 0: none is cut
    seed: { type: 'string', default: `${randomInt(2 ** 31)}` },
  },
});
if (!given.url || !['ws', 'sse', 'both'].includes(given.transport)) throw new Error('--url URL [--transport ws|sse|both]');
const { url, transport } = given;
const [seconds, readers, writers, rate, cut, seed] = ['seconds', 'readers', 'writers', 'rate', 'cut', 'seed'].map((name) => {
  if (!(given[name] > 0 || (name === 'cut' && given[name] === '0'))) throw new Error(`--${name} is a number above 0`);
  return +given[name];
});

/** Random numbers from 0 to 1 that the seed decides (Mulberry32). */
function randomFrom(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function until(holds, what) {
  for (const deadline = Date.now() + PATIENCE_MS; !holds(); await pause(100)) {
    if (Date.now() > deadline) {
      console.error(`waited in vain: ${what}`);
      return;
    }
  }
}

/** All that was ever published in the room. */
async function historyOf(name, epoch) {
  const messages = [];
  for (let since = `${epoch}:0`; ; ) {
    const response = await fetch(new URL(`api/rooms/${name}/messages?since=${since}&limit=${PAGE}`, url));
    const page = await response.json();
    if (!response.ok) throw new Error(`no history: ${page.detail}`);
    if (!page.recovered) throw new Error('the history is not whole: raise parley.history.messages and .bytes');
    messages.push(...page.messages);
    if (page.messages.length === 0) return messages;
    since = page.next;
  }
}

const random = randomFrom(seed);
const proxy = cut > 0 ? await Proxy.to(url) : undefined;
if (proxy) proxy.livesMs = () => 1000 * cut * (0.5 + random());
const name = `soak-${seed}-${Date.now()}`;
const opened = [];
const logs = [];
const closes = {}; // how often a WebSocket was closed, by code, or refused
const awayMs = []; // from the end of a connection to the welcome of the next
const backMs = []; // of these, from the last attempt
let connections = 0;
let resumed = 0;
let welcomed = 0; // who has been in the room

function joins(user, by) {
  const parley = connect(proxy?.url ?? url, { WebSocket: by === 'ws' ? WebSocket : null, backoffMaxMs: 2000 });
  opened.push(parley);
  const room = parley.join(name, { user });
  const log = [];
  logs.push(log);
  room.addEventListener('message', ({ detail: { epoch, offset, text } }) => log.push({ epoch, offset, text }));
  // A gap without an end is that of another epoch.
  room.addEventListener('gap', ({ detail: { epoch, from, to } }) => log.push({ epoch, from, to }));
  room.addEventListener('welcome', () => welcomed++, { once: true });
  room.addEventListener('welcome', ({ detail }) => detail.recovered && resumed++);
  let lost;
  let tried;
  let wasOpen = false;
  room.addEventListener('state', ({ detail: { state, code, reason } }) => {
    const now = performance.now();
    if (state === 'connecting') {
      tried = now;
      wasOpen = false;
      connections++;
    } else if (state === 'waiting') {
      lost ??= now;
      const how = wasOpen ? code : 'refused';
      if (by === 'ws') closes[how] = (closes[how] ?? 0) + 1;
      if (!proxy && by === 'ws' && how !== 1012) console.error(`${user}: ${how} ${reason}`);
    } else if (state === 'open') {
      wasOpen = true;
      if (!lost) return;
      awayMs.push(now - lost);
      backMs.push(now - tried);
      lost = undefined;
    }
  });
  return room;
}

const by = (i, of) => (transport === 'both' ? (2 * i < of ? 'ws' : 'sse') : transport);
const reading = Array.from({ length: readers }, (_, i) => joins(`reader-${i}`, by(i, readers)));
const writing = Array.from({ length: writers }, (_, i) => joins(`writer-${i}`, by(i, writers)));
const everybody = [...reading, ...writing];
await until(() => welcomed === everybody.length, 'not all have joined');
const { epoch } = everybody[0];

const publications = [];
async function publishes(room, text) {
  const publication = { text, outcome: 'unknown' };
  publications.push(publication);
  try {
    publication.place = await room.publish(text, { id: text });
    publication.outcome = 'acknowledged';
  } catch (error) {
    if (error.code !== 'closed') publication.outcome = 'failed';
    console.error(`${text}: ${error.code} ${error.message}`);
  }
}

const began = Date.now();
let end = began + 1000 * seconds;
process.once('SIGTERM', () => (end = 0));
console.log('all are there');
await Promise.all(
  writing.map(async (room) => {
    await pause((1000 * random()) / rate); // not all at once
    for (let n = 0; Date.now() < end; n++) {
      publishes(room, `${room.user}:${n}`);
      await pause(1000 / rate);
    }
  }),
);
await until(() => writing.every(({ pending }) => pending === 0), 'not all is acknowledged or refused');
const took = Math.round((Date.now() - began) / 1000);
const history = await historyOf(name, epoch);
const newest = history.at(-1)?.offset ?? 0;
await until(() => everybody.every(({ offset }) => offset >= newest), 'not all have read to the end');
for (const parley of opened) parley.close();
await proxy?.close();

const found = judge({ epoch, history, publications, logs });
const count = (wanted) => publications.filter(({ outcome }) => outcome === wanted).length;
const quantiles = (times) => {
  times.sort((a, b) => a - b);
  return [0.5, 0.99].map((part) => Math.round(times[Math.floor(part * times.length)])).join('/');
};
const good = kept(found) && history.length > 0;
console.log(
  `${good ? 'kept' : 'BROKEN'}: ${transport}, ${took} s, ${readers} readers, ${writers} writers, seed ${seed}: ` +
    `${connections} connections, ${resumed} resumed, p50/p99 ${quantiles(awayMs)} ms after the end of the one before, ` +
    `${quantiles(backMs)} ms after the last attempt; closed or refused ${JSON.stringify(closes)}; ` +
    `${publications.length} published, ${count('acknowledged')} acknowledged, ${count('failed')} failed, ` +
    `${count('unknown')} unknown; ${logs.reduce((sum, log) => sum + log.length, 0)} read; ` +
    `lost ${found.lost}, duplicates ${found.duplicates}, order breaks ${found.disorder}, strange ${found.strange}, ` +
    `gaps told ${found.told}`,
);
process.exit(good ? 0 : 1);
