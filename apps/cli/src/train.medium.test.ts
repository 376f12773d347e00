import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { penguinsFile } from './demo/penguins.js';
import { SPEC } from './demo/training-steps.js';
import { Bench } from './testing.js';

let bench: Bench;
let spec: string;

beforeAll(async () => {
  bench = await Bench.start();
  await bench.json(['dataset', 'upload', 'penguins', penguinsFile()]);
  spec = join(bench.root, 'spec.json');
  await writeFile(spec, JSON.stringify({ ...SPEC, training: { ...SPEC.training, maxEpochs: 20 } }));
}, 90_000);
afterAll(() => bench?.stop());

const QUICK = '{"training": {"maxEpochs": 1}}';

it('applies a template from a file, shows it, and changes its spec', { timeout: 60_000 }, async () => {
  expect(await bench.cli(['template', 'apply', 'birds', '--from', spec])).toMatchObject({
    code: 2,
    err: expect.stringContaining('needs --dataset'),
  });
  const apply = ['template', 'apply', 'birds', '--from', spec, '--dataset', 'penguins', '--register-as', 'birds'];
  expect(await bench.json(apply)).toMatchObject({ revision: 1, registerAs: 'birds', dataset: { name: 'penguins' } });
  expect((await bench.cli('template list')).out).toMatch(/birds +\/ +1 +penguins +birds/);
  expect((await bench.cli('template show birds')).out).toMatch(/data set +penguins\n(.*\n)+.*"maxEpochs": 20/);
  expect(await bench.cli('template show none')).toMatchObject({ code: 3, err: expect.stringContaining('template list') });
  await writeFile(spec, JSON.stringify({ ...SPEC, training: { ...SPEC.training, maxEpochs: 10 } }));
  expect((await bench.cli(['template', 'apply', 'birds', '--from', spec])).out).toMatch(/^template birds is at revision 2 /);
  expect(await bench.cli([...apply.slice(0, -1), 'others'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('--register-as of the template'),
  });
  expect(await bench.cli('template apply birds', { stdin: '{"task": "cooking"}' })).toMatchObject({ code: 2 });
});

it('makes a model, trains it with an override, and waits for it', { timeout: 120_000 }, async () => {
  expect((await bench.cli(['model', 'create', 'birds', '--description', 'species'])).out).toMatch(/^birds {2}mdl_\w+\n$/);
  expect(await bench.cli('model create birds')).toMatchObject({ code: 5 });
  const job = await bench.json<{ id: string; run: { id: string } }>([
    'train',
    'start',
    'birds',
    '--override',
    QUICK,
    '--data',
    'penguins@1',
    '--wait',
  ]);
  expect(job).toMatchObject({ state: 'SUCCEEDED', template: { name: 'birds' }, datasetVersion: { number: 1 } });
  const { params } = await bench.json<{ params: { key: string; value: string }[] }>(`run show ${job.run.id}`);
  expect(params).toContainEqual({ key: 'max_epochs', value: '1' });
  for (const [override, words] of [
    ['[]', 'JSON object'],
    ['{"training": {"epochs": 1}}', 'overrides.training'],
  ] as const)
    expect(await bench.cli(['train', 'start', 'birds', '--override', override])).toMatchObject({
      code: 2,
      err: expect.stringContaining(words),
    });
  expect((await bench.cli('train list --template birds --state succeeded')).out).toContain(job.id);
});

it('ends a training, which whoever waits for it hears of', { timeout: 120_000 }, async () => {
  const long = '{"training": {"maxEpochs": 5000, "earlyStopping": {"patience": 5000}}}';
  const waiting = bench.cli(['train', 'start', 'birds', '--override', long, '--wait']);
  const job = await vi.waitFor(
    async () => {
      const [found] = await bench.json<{ id: string }[]>('train list --state queued --state running');
      expect(found).toBeDefined();
      return found!;
    },
    { timeout: 30_000, interval: 200 },
  );
  expect(await bench.cli(`train cancel ${job.id}`)).toMatchObject({ code: 0, out: expect.stringContaining(job.id) });
  expect(await waiting).toMatchObject({
    code: 6,
    out: expect.stringMatching(/CANCELED/),
    err: expect.stringContaining('ended as CANCELED'),
  });
  expect(await bench.cli(`train cancel ${job.id}`)).toMatchObject({ code: 5 });
});

it('labels models and versions', { timeout: 120_000 }, async () => {
  await vi.waitFor(async () => expect((await bench.json<{ versions: unknown[] }>('model show birds')).versions).toHaveLength(1), {
    timeout: 30_000,
    interval: 300,
  });
  expect((await bench.cli('model alias set birds best 1')).out).toBe('best -> 1\n');
  expect(await bench.cli('model alias set birds best 9')).toMatchObject({ code: 3 });
  expect((await bench.cli('model update birds --tag team=birds --tag tier=1')).out).toMatch(/tags +team=birds, tier=1/);
  expect(await bench.json('model update birds --untag tier --description small')).toMatchObject({
    description: 'small',
    tags: [{ key: 'team', value: 'birds' }],
  });
  expect((await bench.cli('model show birds')).out).toMatch(/tags +team=birds\naliases +best -> 1/);
  expect(await bench.cli(['model', 'update', 'birds', '1', '--limitations', 'no chicks', '--tag', 'kept=yes'])).toMatchObject({
    code: 0,
  });
  expect((await bench.cli('model card birds 1')).out).toContain('no chicks');
  for (const line of [
    'model update birds',
    'model update birds --notes x',
    'model update birds 1 --rename y',
    'model update birds --tag x',
  ])
    expect(await bench.cli(line), line).toMatchObject({ code: 2 });
  expect(await bench.json('model alias remove birds best')).toMatchObject({ name: 'birds', aliases: [] });
  expect(await bench.cli('model alias drop birds')).toMatchObject({ code: 2, err: expect.stringContaining('model alias') });
});

it('makes an endpoint, deploys to it, and says when there is nothing to come back to', { timeout: 120_000 }, async () => {
  const made = await bench.json<object>('endpoint create species --model birds --stage staging');
  expect(made).toMatchObject({ name: 'species', stage: 'staging', model: { name: 'birds' }, revision: null });
  expect(await bench.cli('endpoint deploy species 1')).toMatchObject({
    code: 5,
    err: expect.stringContaining('promote it first'),
  });
  await bench.json('model promote birds 1 --to staging --wait');
  expect((await bench.cli('endpoint deploy species 1')).out).toMatch(/follows +birds in staging\nserves +version 1/);
  await vi.waitFor(async () => expect((await bench.cli('endpoint list')).out).toMatch(/species +\/ +birds +staging +1 +READY/), {
    timeout: 30_000,
    interval: 300,
  });
  expect((await bench.cli('endpoint show species')).out).toMatch(/REVISION .*\n +1 +1 +READY/);
  expect(await bench.cli('endpoint rollback species --reason slow')).toMatchObject({
    code: 5,
    err: expect.stringContaining('no revision before'),
  });
  expect(await bench.cli('endpoint show none')).toMatchObject({ code: 3, err: expect.stringContaining('endpoint list') });
});

it('compares versions of data, column by column', { timeout: 120_000 }, async () => {
  expect(await bench.cli('dataset compare penguins@1')).toMatchObject({ code: 2, err: expect.stringContaining('--against') });
  const [head, ...rows] = (await readFile(penguinsFile(), 'utf8')).trimEnd().split('\n');
  const changed = join(bench.root, 'changed.csv');
  const heavier = rows.map((row) =>
    row
      .split(',')
      .map((cell) => (/^\d{4}$/.test(cell) ? String(Number(cell) * 2) : cell))
      .join(','),
  );
  await writeFile(changed, [head, ...heavier, ''].join('\n'));
  await bench.json(['dataset', 'upload', 'penguins', changed]);
  const compared = await bench.cli('dataset compare penguins@2');
  expect(compared).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^COLUMN +DRIFTED +PSI +TEST .*\n(.*\n)*Body Mass \(g\) +yes +[\d.]+ +ks /),
    err: expect.stringMatching(/^drifted: .*Body Mass \(g\) differs most \(PSI [\d.]+\)\n$/),
  });
  expect(await bench.json('dataset compare penguins@1 --against penguins@2')).toMatchObject({ drifted: true, mode: 'whole' });
  expect(await bench.cli('dataset compare penguins@9')).toMatchObject({ code: 3 });
});
