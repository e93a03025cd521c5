import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { roomProblem, userProblem } from '../../../main/webapp/js/names.js';

const { valid, invalid } = JSON.parse(readFileSync(new URL('../../../test/resources/names.json', import.meta.url)));

suite('Names on the page', () => {
  for (const name of valid) test(`accepts ${JSON.stringify(name)}`, () => assert.equal(userProblem(name), ''));

  for (const name of invalid) test(`refuses ${JSON.stringify(name)}`, () => assert.notEqual(userProblem(name), ''));

  test('says what is wrong', () => {
    assert.equal(userProblem(''), 'Enter a name.');
    assert.equal(userProblem('a:b'), 'A name cannot hold “:”.');
    assert.equal(userProblem('❤\ufe0f:'), 'A name cannot hold “:”.');
    assert.equal(userProblem('a\u00adb'), 'A name cannot hold the invisible character U+00AD.');
    assert.equal(userProblem('alice\ufe0f'), 'An accent or an invisible character in this name is out of place.');
    assert.equal(userProblem('a  b'), 'A name has single spaces, and only between its words.');
    assert.equal(userProblem('😀'.repeat(65)), 'A name has at most 64 characters; this one has 65.');
    assert.equal(roomProblem('a b'), 'A room cannot hold a space.');
    assert.equal(roomProblem('a\ufe0f'), 'A room cannot hold the invisible character U+FE0F.');
    assert.equal(roomProblem('-a'), 'A room begins with a letter or a digit.');
    assert.equal(roomProblem('main'), '');
  });
});
