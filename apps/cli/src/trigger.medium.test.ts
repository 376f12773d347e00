import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Bench } from './testing.js';

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.start();
}, 90_000);
afterAll(() => bench?.stop());

const INCOMING = { filter: { kind: 'incoming' }, action: { kind: 'call_webhook', url: 'https://receiver.invalid/hook' } };
const from = (parts: object) => ({ stdin: JSON.stringify(parts) });

it('makes a trigger, changes it, turns its secrets, and deletes it', { timeout: 60_000 }, async () => {
  const made = await bench.cli('trigger create told', from(INCOMING));
  expect(made).toMatchObject({
    code: 0,
    out: expect.stringMatching(
      /^told {2}trg_\w+ {2}incoming webhook -> call_webhook\n.*signed by {2}whsec_.*\n.*signed by {2}whsec_/,
    ),
    err: expect.stringContaining('tailrace trigger rotate'),
  });
  const changed = await bench.json<object>('trigger update told', from({ cooldownSeconds: 60, name: 'told-again' }));
  expect(changed).toMatchObject({
    name: 'told-again',
    cooldownSeconds: 60,
    incomingSecret: null,
    action: { to: 'https://receiver.invalid' },
  });
  const onEvents = await bench.cli('trigger update told-again', from({ filter: { kind: 'event', event: 'dataset.created' } }));
  expect(onEvents).toMatchObject({ code: 0, out: 'told-again  dataset.created -> call_webhook\n', err: '' });
  expect(await bench.cli('trigger rotate told-again --kind incoming')).toMatchObject({
    code: 5,
    err: expect.stringContaining('has no incoming secret'),
  });
  const rotated = await bench.json<object>('trigger rotate told-again --kind signing --grace-hours 1');
  expect(rotated).toMatchObject({ incomingSecret: null, signingSecret: expect.stringMatching(/^whsec_/) });
  expect(await bench.cli('trigger rotate told-again')).toMatchObject({ code: 2, err: expect.stringContaining('kind') });
  expect(await bench.cli('trigger delete told-again')).toMatchObject({ code: 0, out: 'told-again  deleted\n' });
  expect(await bench.cli('trigger delete told-again')).toMatchObject({ code: 3, err: expect.stringContaining('trigger list') });
});

it('says in plain words what a definition lacks, and where one is wrong', { timeout: 60_000 }, async () => {
  const file = join(bench.root, 'half.json');
  await writeFile(file, JSON.stringify({ filter: INCOMING.filter }));
  const half = await bench.cli(['trigger', 'create', 'half', '--from', file]);
  expect(half).toMatchObject({ code: 2, err: expect.stringMatching(/^error: \S+half\.json has no action; it holds \{"filter"/) });
  expect(await bench.cli('trigger update none', from({}))).toMatchObject({
    code: 2,
    err: expect.stringContaining('nothing to change'),
  });
  expect(await bench.cli('trigger update none', { stdin: '[]' })).toMatchObject({
    code: 2,
    err: expect.stringContaining('JSON object'),
  });
  const odd = await bench.cli('trigger create odd', from({ ...INCOMING, color: 'red' }));
  expect(odd).toMatchObject({ code: 2, err: expect.stringContaining('color') });
  const nowhere = { ...INCOMING, action: { kind: 'start_training', templateId: 'tpl_nope' } };
  expect(await bench.cli('trigger create nowhere', from(nowhere))).toMatchObject({
    code: 3,
    err: expect.stringContaining('action.templateId: there is no template tpl_nope'),
  });
  const dryRun = {
    filter: { kind: 'event', event: 'dataset_version.validated', where: { field: 'subject.rows', op: 'gt', value: 1 } },
  };
  await writeFile(file, JSON.stringify(dryRun));
  const run = await bench.cli(['trigger', 'dry-run', '--from', file]);
  expect(run).toMatchObject({ code: 0, err: expect.stringContaining('facts of subjects are those of now') });
});
