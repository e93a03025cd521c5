// The judge of the soak can say no.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { judge, kept } from '../../soak/judge.js';

const message = (offset, text = `m${offset}`) => ({ epoch: 'e', offset, text });
const acknowledged = (offset) => ({ text: `m${offset}`, outcome: 'acknowledged', place: { epoch: 'e', offset } });

const judged = (log, { history = [1, 2, 3].map((o) => message(o)), publications = [1, 2, 3].map(acknowledged) } = {}) =>
  judge({ epoch: 'e', history, publications, logs: [log] });

suite('The judge of the soak', () => {
  test('finds nothing where all was read', () => {
    const found = judged([message(1), message(2), message(3)]);
    assert.deepEqual(found, { lost: 0, duplicates: 0, disorder: 0, strange: 0, told: 0 });
    assert.ok(kept(found));
  });

  test('finds a message that one reader has not', () => {
    const found = judged([message(1), message(3)]);
    assert.equal(found.lost, 1);
    assert.ok(!kept(found));
    assert.equal(judged([message(1), message(2)]).lost, 1);
  });

  test('excuses what a gap tells, and only that', () => {
    const gap = (from, to) => ({ epoch: 'e', from, to });
    assert.ok(kept(judged([message(1), gap(2, 2), message(3)])));
    assert.equal(judged([message(1), gap(2, 2), message(3)]).told, 1);
    assert.equal(judged([gap(1, 1), message(3)]).lost, 1);
  });

  test('finds what comes twice, to a reader or to the room', () => {
    assert.equal(judged([message(1), message(2), message(2), message(3)]).duplicates, 1);
    const history = [message(1), message(2), message(3), message(4, 'm2')];
    assert.ok(judged([message(1), message(2), message(3), message(4, 'm2')], { history }).duplicates > 0);
  });

  test('finds what comes too late', () => assert.equal(judged([message(2), message(1), message(3)]).disorder, 1));

  test('finds what was acknowledged and is not stored, or elsewhere', () => {
    const history = [message(1), message(2)];
    assert.equal(judged(history, { history }).lost, 1);
    const publications = [acknowledged(1), acknowledged(2), { ...acknowledged(3), place: { epoch: 'e', offset: 4 } }];
    assert.equal(judged([message(1), message(2), message(3)], { publications }).strange, 1);
  });

  test('finds what nobody wrote, what failed and is there, and another history', () => {
    const all = [message(1), message(2), message(3)];
    assert.equal(judged(all, { publications: [acknowledged(1), acknowledged(2)] }).strange, 1);
    const failed = [acknowledged(1), acknowledged(2), { text: 'm3', outcome: 'failed' }];
    assert.equal(judged(all, { publications: failed }).strange, 1);
    assert.ok(!kept(judged([message(1), { ...message(2), epoch: 'f' }, message(3)])));
  });

  test('lets what has no outcome be there once or never', () => {
    const unknown = { text: 'm3', outcome: 'unknown' };
    const publications = [acknowledged(1), acknowledged(2), unknown];
    assert.ok(kept(judged([message(1), message(2), message(3)], { publications })));
    const history = [message(1), message(2)];
    assert.ok(kept(judged(history, { history, publications })));
  });
});
