import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const webapp = new URL('../../../main/webapp/', import.meta.url);
const source = readFileSync(new URL('parley.js', webapp));

test('the client is under 5 KB, gzipped', (context) => {
  const size = gzipSync(source, { level: 9 }).length;
  context.diagnostic(`parley.js: ${source.length} bytes, ${size} gzipped`);
  assert.ok(size < 5000, `${size} bytes`);
});

test('the client imports nothing', () => {
  assert.doesNotMatch(source.toString(), /\bimport\b|\brequire\b/);
});

test('the types hold, for whoever uses them', () => {
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '-p', fileURLToPath(new URL('../..', import.meta.url))], { stdio: 'pipe' });
});

test('the types name what the module exports, and nothing else', async () => {
  const exported = Object.keys(await import(new URL('parley.js', webapp)));
  const declared = [...readFileSync(new URL('parley.d.ts', webapp), 'utf8').matchAll(/^export (?:function|class) (\w+)/gm)];
  assert.deepEqual(declared.map(([, name]) => name).sort(), exported.sort());
});

test('the package for npm is the client and its types', () => {
  const report = execFileSync('npm', ['pack', '--dry-run', '--json', '--offline'], { cwd: fileURLToPath(webapp), stdio: 'pipe' });
  const [{ files }] = JSON.parse(report);
  assert.deepEqual(files.map(({ path }) => path).sort(), ['package.json', 'parley.d.ts', 'parley.js']);
});
