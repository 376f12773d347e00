import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { linesAfter, START, type Line, type Mark } from './lines.js';
import { checkedId, metricValue } from './local-run.js';
import { pointOf, yamlFacts } from './mlruns-run.js';
import { OfflineRun } from './offline-run.js';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tailrace-formats-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function read(path: string, mark: Mark, closed = false): Promise<Line[]> {
  const lines: Line[] = [];
  for await (const line of linesAfter(path, mark, closed)) lines.push(line);
  return lines;
}

test('whole lines after a mark, by bytes; a torn one waits until the file is closed', async () => {
  const path = join(dir, 'log');
  await writeFile(path, 'ä\r\n\nthird');
  const lines = await read(path, START);
  expect(lines.map(({ text, n }) => [n, text])).toEqual([
    [0, 'ä'],
    [1, ''],
  ]);
  const mark = lines.at(-1)!.next;
  expect(mark).toEqual({ offset: 5, lines: 2 });
  expect(await read(path, mark)).toEqual([]);
  expect(await read(path, mark, true)).toMatchObject([{ text: 'third', n: 2, next: { offset: 10, lines: 3 } }]);
  expect(await read(path, { offset: 10, lines: 3 }, true)).toEqual([]);
  await writeFile(path, 'new\n');
  expect(await read(path, mark)).toMatchObject([{ text: 'new', n: 0 }]);
  expect(await read(join(dir, 'none'), START)).toEqual([]);
});

test('a line may be longer than a piece', async () => {
  const path = join(dir, 'long');
  await writeFile(path, `${'x'.repeat(700_000)}\ny\n`);
  expect((await read(path, START)).map(({ text }) => text.length)).toEqual([700_000, 1]);
});

test("MLflow's lines of metrics", () => {
  expect(pointOf('a', '1700 0.5 3')).toEqual({ key: 'a', value: '0.5', timestamp: 1700, step: 3 });
  expect(pointOf('a', '1700 1e-05')).toMatchObject({ value: '1e-05', step: 0 });
  expect(pointOf('a', '1700 nan 1 data 12ab')).toMatchObject({ value: 'nan', step: 1 });
  expect(() => pointOf('a', 'x 1 1')).toThrow('timestamp value step');
  expect(() => pointOf('a', '1 one 1')).toThrow('must be a number');
});

test("MLflow's YAML", () => {
  const facts = yamlFacts("a: 1\nb: 'it''s'\nc: \"\\xFC\\u00e9\\n\"\nd: null\ne: ''\nf: http://x:1/y # z\ntags: []\n");
  expect(facts).toEqual({ a: '1', b: "it's", c: 'üé\n', e: '', f: 'http://x:1/y # z', tags: '[]' });
});

test('run.json says what a run is, or what is wrong with it', async () => {
  const said = async (value: unknown) => {
    await writeFile(join(dir, 'run.json'), typeof value === 'string' ? value : JSON.stringify(value));
    return new OfflineRun(dir).head();
  };
  expect(await said({ id: 'a', start_time: '2026-01-01T00:00:00Z', params: { n: 1, s: 'x', o: [1] } })).toMatchObject({
    experiment: 'Default',
    startTime: Date.UTC(2026, 0, 1),
    params: { n: '1', s: 'x', o: '[1]' },
  });
  await expect(said({ id: 'a', start_time: 'soon' })).rejects.toThrow('"start_time" must be milliseconds');
  await expect(said({ id: 'a', tags: [] })).rejects.toThrow('"tags" must be an object');
  await expect(said({ id: 'a"b' })).rejects.toThrow('"id" must be');
  await expect(said('[1]')).rejects.toThrow('is no JSON object');
});

test('ids and values', () => {
  expect(checkedId('a.b:c@d/e-1', '')).toBe('a.b:c@d/e-1');
  expect(() => checkedId(undefined, 'run.json')).toThrow('run.json: "id" must be');
  expect([metricValue(1), metricValue('NaN'), metricValue('-Infinity')]).toEqual([1, 'NaN', '-Infinity']);
  expect(() => metricValue('one')).toThrow('must be a number');
});
