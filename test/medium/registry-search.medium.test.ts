import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ctx } from '#access';
import { PROMPT_TAG } from '#registry';
import { ExperimentsService, LoggedModelsService, RunsService } from '#tracking';
import { name } from './builders.js';
import { registryKit, type RegistryKit } from './registry-kit.js';
import { startStack, type Stack } from './stack.js';

let stack: Stack;
let ada: Ctx;
let kit: RegistryKit;
beforeAll(async () => {
  stack = await startStack();
  ada = await stack.member('approver', 'ada');
  kit = registryKit(stack, ada);
});
afterAll(() => stack.close());

describe('searches', () => {
  test('prompts are hidden unless asked for', async () => {
    const prefix = name('p');
    const plain = await kit.openModel({}, prefix);
    const prompt = await kit.openModel({ [PROMPT_TAG]: 'true' }, prefix);
    await kit.addVersion(plain);
    await kit.versions.create(ada, { name: prompt }, { source: 'prompt-template', tags: { [PROMPT_TAG]: 'true' } });
    const like = [{ kind: 'name', op: 'LIKE', value: `${prefix}%` } as const];
    const named = async (prompts: boolean) =>
      (await kit.modelSearch.search(ada, { where: like, prompts, limit: 10 })).models.map((model) => model.name).sort();
    expect(await named(false)).toEqual([plain]);
    expect(await named(true)).toEqual([plain, prompt].sort());
    const where = [{ kind: 'model', op: 'LIKE', value: `${prefix}%` } as const];
    expect((await kit.versionSearch.search(ada, { where, limit: 10 })).versions.map(({ model }) => model)).toEqual([plain]);
  });

  test('pages hold every model once while others are added', async () => {
    const prefix = name('page');
    for (let i = 0; i < 7; i++) await kit.openModel({}, prefix);
    const where = [{ kind: 'name', op: 'LIKE', value: `${prefix}%` } as const];
    const orderBy = [{ field: 'updatedAt', descending: true } as const];
    const first = (await kit.modelSearch.search(ada, { where, orderBy, limit: 50 })).models.map((model) => model.name);
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = await kit.modelSearch.search(ada, { where, orderBy, limit: 2, after });
      seen.push(...page.models.map((model) => model.name));
      after = page.next;
      await kit.openModel({}, prefix);
    } while (after);
    expect(seen).toEqual(first);
  });

  test('pages of versions: by time, name and number, without duplicates while versions are added', async () => {
    const model = await kit.openModel();
    for (let i = 0; i < 7; i++) await kit.addVersion(model);
    const where = [{ kind: 'model', op: '=', value: model } as const];
    const seen: number[] = [];
    let after: string | undefined;
    do {
      const page = await kit.versionSearch.search(ada, { where, limit: 3, after });
      seen.push(...page.versions.map(({ number }) => number));
      after = page.next;
      await kit.addVersion(model);
    } while (after);
    expect(seen).toEqual([7, 6, 5, 4, 3, 2, 1]);
    await expect(
      kit.versionSearch.search(ada, { where, orderBy: [{ field: 'number', descending: true }], limit: 3, after: 'bm8' }),
    ).rejects.toMatchObject({ details: { reason: 'BAD_CURSOR' } });
  });

  test.each([
    [{ kind: 'tag', key: 'color', op: '=', value: 'red' } as const, [1]],
    [{ kind: 'tag', key: 'color', op: '!=', value: 'red' } as const, [2]],
    [{ kind: 'number', op: '>=', value: 2 } as const, [2, 3]],
    [{ kind: 'source', op: 'LIKE', value: '%/two' } as const, [2]],
    [{ kind: 'runId', op: 'IN', value: ['someone'] } as const, [2]],
    [{ kind: 'runDigits', op: '!=', value: 'someone' } as const, [1, 3]],
  ])('%j', async (condition, expected) => {
    const model = await kit.openModel();
    await kit.versions.create(ada, { name: model }, { source: 's3://b/one', tags: { color: 'red' } });
    await kit.versions.create(ada, { name: model }, { source: 's3://b/two', tags: { color: 'blue' }, runId: 'someone' });
    await kit.addVersion(model);
    const where = [{ kind: 'model', op: '=', value: model } as const, condition];
    const orderBy = [{ field: 'number', descending: false } as const];
    expect((await kit.versionSearch.search(ada, { where, orderBy, limit: 10 })).versions.map(({ number }) => number)).toEqual(
      expected,
    );
  });
});

describe('sources', () => {
  let digits: string;
  let root: string;
  let loggedModel: string;
  let model: string;
  beforeAll(async () => {
    const { id: experimentId, number } = await stack.app.get(ExperimentsService).create(ada, { name: name('sources') });
    const { id: runId } = await stack.app.get(RunsService).create(ada, { experimentId, name: 'run' });
    const logged = await stack.app.get(LoggedModelsService).create(ada, { experimentId, name: 'm', sourceRunId: runId });
    digits = runId.slice(4);
    root = `mlflow-artifacts:/${number}`;
    loggedModel = `m-${logged.id.slice(4)}`;
    model = await kit.openModel();
  });
  const made = async (given: { source: string; runId?: string; loggedModelId?: string }) => {
    const { number } = await kit.versions.create(ada, { name: model }, given);
    return (await kit.versionSearch.byNumber(ada, model, number))!;
  };

  test('of a run: its artifacts, when the run is known here', async () => {
    const version = await made({ source: `runs:/${digits}/model`, runId: digits });
    expect(version).toMatchObject({ runId: `run_${digits}`, storageLocation: `${root}/${digits}/artifacts/model` });
    const unknown = await made({ source: `runs:/${'0'.repeat(32)}/model`, runId: '0'.repeat(32) });
    expect(unknown.storageLocation).toBe(unknown.source);
  });

  test('of a logged model: its artifacts and its run', async () => {
    expect(await made({ source: `models:/${loggedModel}`, loggedModelId: loggedModel })).toMatchObject({
      loggedModelId: `lgm_${loggedModel.slice(2)}`,
      runId: `run_${digits}`,
      storageLocation: `${root}/models/${loggedModel}/artifacts`,
    });
  });

  test('of another version, by number and by alias: the place that it has', async () => {
    const first = await made({ source: `runs:/${digits}/model`, runId: digits });
    await kit.aliases.set(ada, { model, number: first.number }, 'origin');
    for (const source of [`models:/${model}/${first.number}`, `models:/${model}@origin`])
      expect(await made({ source })).toMatchObject({
        source: `models:/${model}/${first.number}`,
        storageLocation: first.storageLocation,
        runId: first.runId,
      });
  });

  test('inside the artifacts of the run or logged model that is named', async () => {
    const inRun = { source: `${root}/${digits}/artifacts/model`, runId: digits };
    expect((await made(inRun)).storageLocation).toBe(inRun.source);
    const inModel = { source: `${root}/models/${loggedModel}/artifacts`, loggedModelId: loggedModel };
    expect((await made(inModel)).runId).toBe(`run_${digits}`);
  });

  test('everything else is refused', async () => {
    const refused = [
      { source: '/etc/passwd', runId: digits },
      { source: 'file:///etc/passwd', runId: digits },
      { source: `${root}/${digits}/artifacts/../../x`, runId: digits },
      { source: `${root}/${digits}/artifacts/%252e%252e/x`, runId: digits },
      { source: `${root}/${digits}/artifacts/model` },
      { source: `${root}/other/artifacts/model`, runId: digits },
      { source: `mlflow-artifacts://elsewhere/1/${digits}/artifacts/model`, runId: digits },
      { source: `${root}/${digits}/artifacts/model`, loggedModelId: loggedModel },
      { source: `runs:/${digits}/model`, runId: 'another' },
      { source: `runs:/${digits}/model`, loggedModelId: loggedModel },
      { source: `models:/m-${'0'.repeat(32)}` },
      { source: 'dummy-source' },
      { source: 's3://b/x', runId: 'x'.repeat(257) },
      { source: `runs:/${'x'.repeat(1500)}/model` },
      { source: `models:/${model}@nobody` },
      { source: `models:/${model}/staging` },
    ];
    for (const given of refused)
      await expect(kit.versions.create(ada, { name: model }, given), given.source).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await expect(made({ source: `models:/${model}/9999` })).rejects.toMatchObject({ details: { reason: 'NO_VERSION' } });
    const prompt = { source: 's3://b/x', tags: { [PROMPT_TAG]: 'true' } };
    await expect(kit.versions.create(ada, { name: model }, prompt)).rejects.toMatchObject({ code: 'BAD_INPUT' });
  });
});
