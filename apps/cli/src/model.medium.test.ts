import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { CREATE_ENDPOINT, CREATE_MODEL, CREATE_TEMPLATE, START_TRAINING } from './demo/documents.js';
import { penguinsFile } from './demo/penguins.js';
import { SPEC } from './demo/training-steps.js';
import { Bench } from './testing.js';

const DELETE_VERSION =
  'mutation ($input: DeleteModelVersionInput!) { deleteModelVersion(input: $input) { userErrors { code message field } } }';

let bench: Bench;
let approver: string;

beforeAll(async () => {
  bench = await Bench.start();
  const { datasetId } = await bench.json<{ datasetId: string }>(['dataset', 'upload', 'penguins', penguinsFile()]);
  await bench.json('member add grace --role approver');
  approver = join(bench.root, 'grace.token');
  await writeFile(approver, (await bench.cli('token create --member grace')).out);
  await trained('strict', datasetId, [{ kind: 'metric_min', metric: 'test_f1_macro', min: 2 }]);
  await trained('mild', datasetId, [{ kind: 'metric_min', metric: 'test_f1_macro', min: 0.5 }]);
});
afterAll(() => bench?.stop());

/** A model with one version, trained here. */
async function trained(name: string, datasetId: string, productionGates: object[]): Promise<void> {
  const { client } = bench;
  await client.mutate(CREATE_MODEL, { name, productionGates });
  const spec = { ...SPEC, training: { ...SPEC.training, maxEpochs: 20 } };
  const { template } = await client.mutate<{ template: { id: string } }>(CREATE_TEMPLATE, {
    name,
    datasetId,
    spec,
    registerAs: name,
  });
  const { trainingJob } = await client.mutate<{ trainingJob: { run: { id: string } } }>(START_TRAINING, {
    templateId: template.id,
  });
  const watched = await bench.cli(`run watch ${trainingJob.run.id}`);
  expect(watched).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/step \d+ {2}.*loss .*\n.* FINISHED {2}after/) });
  const versions = async () => expect((await bench.json<{ versions: unknown[] }>(`model show ${name}`)).versions).toHaveLength(1);
  await vi.waitFor(versions, { timeout: 30_000, interval: 300 });
}

it('says by 5 that a gate blocks, and prints each gate', async () => {
  const { code, out, err } = await bench.cli('model promote strict 1 --to production --wait');
  expect(code).toBe(5);
  expect(out).toMatch(
    /^strict version 1 -> production {2}BLOCKED {2}req_\w+\n(.*\n)* {2}failed {3}metric_min: test_f1_macro is .*\n$/,
  );
  expect(err).toBe('error: strict version 1 does not go to production: the request is BLOCKED\n');
  expect(await bench.cli('model promote strict 1 --to nowhere')).toMatchObject({
    code: 2,
    err: expect.stringContaining('it has staging, production, archived'),
  });
});

it('promotes past an approver, who is not the one that asked', async () => {
  const asked = await bench.json<{ id: string }>('model promote mild 1 --to production --wait --reason good');
  expect(asked).toMatchObject({ state: 'AWAITING_APPROVAL', stage: 'production', gates: [{ outcome: 'passed' }] });
  expect((await bench.cli('model show mild')).out).toMatch(/open requests\nmild version 1 -> production {2}AWAITING_APPROVAL/);
  expect(await bench.cli('model approve mild 1')).toMatchObject({
    code: 5,
    out: '',
    err: expect.stringContaining('may not decide'),
  });
  expect(await bench.cli('model approve mild')).toMatchObject({ code: 2 });
  const approved = await bench.cli(['model', 'approve', 'mild', '1', '--comment', 'seen', '--token-file', approver]);
  expect(approved).toMatchObject({ code: 0, out: expect.stringMatching(/DONE(.*\n)+ {2}approved by grace: seen\n$/) });
  expect((await bench.cli('model list')).out).toMatch(/mild +\/ +1 +production: 1/);
  expect(await bench.cli('model reject mild 1')).toMatchObject({ code: 3, err: expect.stringContaining('no open request') });
});

it('predicts rows of CSV and of JSON', async () => {
  const { id } = await bench.json<{ id: string }>('model show mild');
  await bench.client.mutate(CREATE_ENDPOINT, { name: 'species', follows: { modelId: id, stage: 'production' } });
  const csv = (await readFile(penguinsFile(), 'utf8')).split('\n').slice(0, 5).join('\n');
  await vi.waitFor(async () => expect(await bench.cli('predict species', { stdin: csv })).toMatchObject({ code: 0 }), {
    timeout: 30_000,
    interval: 300,
  });
  const { out, err } = await bench.cli('predict species', { stdin: csv });
  expect(out).toMatch(/^ROW {2}LABEL +PROBABILITIES\n {2}1 {2}\w+ +[\d.e-]+ [\d.e-]+ [\d.e-]+\n/);
  expect(err).toMatch(/columns that the model does not use: Species\nprediction prd_\w+ by version 1/);
  const rows = join(bench.root, 'rows.json');
  await writeFile(
    rows,
    JSON.stringify([
      { Island: 'Biscoe', 'Beak Length (mm)': 47, 'Beak Depth (mm)': 15, 'Flipper Length (mm)': 218, 'Body Mass (g)': 5000 },
      { Sex: null },
    ]),
  );
  const answer = await bench.json<{ predictions: object[]; predictionId: string }>(['predict', 'species', '--data', rows]);
  expect(answer).toMatchObject({
    endpoint: 'species',
    modelVersion: '1',
    predictions: [{ label: 'Gentoo', probabilities: [expect.any(Number), expect.any(Number), expect.any(Number)] }, {}],
  });
  expect((await bench.cli(`lineage ${answer.predictionId}`)).out).toMatch(/model version(.*\n)+.*dataset version/);
  expect(await bench.cli('predict species', { stdin: 'Island\nBiscoe\n' })).toMatchObject({
    code: 2,
    err: expect.stringContaining('needs the columns'),
  });
  expect(await bench.cli('predict none', { stdin: csv })).toMatchObject({ code: 3 });
});

it('says who stood where and when, what tells versions apart, and prints the card', async () => {
  const history = await bench.json<{ number: number; stage: string; leftAt: null }[]>('model history mild --stage production');
  expect(history).toMatchObject([
    { number: 1, stage: 'production', leftAt: null, enteredByMember: { name: 'grace' }, reason: 'good' },
  ]);
  expect((await bench.cli('model history mild')).out).toMatch(/1 +production +.* +now +grace +good/);
  expect(await bench.json('model history mild --stage production --at 2020-01-01T00:00:00Z')).toEqual([]);
  expect(await bench.cli('model history mild --stage nope')).toMatchObject({
    code: 3,
    err: expect.stringContaining('it has none, staging, production, archived'),
  });
  expect(await bench.json('model history mild --stage staging')).toEqual([]);
  expect(await bench.cli('model card mild 1')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^# mild 1\n(.*\n)*## Metrics\n/),
  });
  expect(await bench.cli('model diff mild 1 2')).toMatchObject({ code: 3 });
});

it('applies a flow from a file, has a model follow it, and moves past it in an emergency', async () => {
  const file = join(bench.root, 'flow.json');
  await writeFile(file, '{"stages": [');
  expect(await bench.cli(['flow', 'apply', 'strict', '--file', file])).toMatchObject({
    code: 2,
    err: expect.stringContaining('no JSON'),
  });
  const stages = [
    { name: 'production', holds: 'one', from: ['none'], gates: [{ kind: 'size_max', bytes: 1 }], approvals: 1 },
    { name: 'archived', holds: 'many', from: ['production'] },
  ];
  await writeFile(file, JSON.stringify({ stages }));
  expect(await bench.json(['flow', 'apply', 'strict', '--file', file])).toMatchObject({ name: 'strict', revision: 1 });
  // The same once more is no other flow.
  expect(await bench.json(['flow', 'apply', 'strict', '--file', file])).toMatchObject({ revision: 1 });
  await writeFile(file, JSON.stringify({ stages, protectedAliases: ['champion'] }));
  expect(await bench.json(['flow', 'apply', 'strict', '--file', file])).toMatchObject({ revision: 2 });
  expect((await bench.cli('flow list')).out).toMatch(/strict +2 +production archived/);
  expect((await bench.cli('flow show strict')).out).toMatch(/production +one +none +size_max +1/);
  expect(await bench.cli('flow use mild strict')).toMatchObject({ code: 0 });
  expect(await bench.cli('flow use strict strict')).toMatchObject({ code: 0 });
  expect(await bench.cli('model promote strict 1 --to production --wait')).toMatchObject({
    code: 5,
    out: expect.stringMatching(/failed +size_max: its files have \d+ bytes \(at most 1\)/),
  });
  const forced = await bench.cli(['model', 'force', 'strict', '1', '--to', 'production', '--reason', 'the one before is down']);
  expect(forced).toMatchObject({
    code: 0,
    out: expect.stringContaining('stands in production; gates and approvals were passed over'),
  });
  expect((await bench.cli('model history strict')).out).toMatch(/FORCED: the one before is down/);
  await bench.json('model promote strict 1 --to archived --wait');
  const { versions } = await bench.json<{ versions: { id: string }[] }>('model show strict');
  await bench.client.mutate(DELETE_VERSION, { id: versions[0]!.id });
  expect((await bench.json<{ versions: object[] }>('model show strict')).versions).toEqual([]);
  // The history still names it, so that it is found.
  expect(await bench.cli('model diff strict 1 1')).toMatchObject({ code: 2, err: expect.stringContaining('differ from itself') });
  expect(await bench.cli('model diff strict 1 2')).toMatchObject({ code: 3, err: expect.stringContaining('no version 2') });
});
