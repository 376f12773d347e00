import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Ctx } from '#access';
import { ExperimentSearch, ExperimentsService, type FoundExperiment } from '#tracking';
import { name } from './builders.js';
import { startStack, type Stack } from './stack.js';

/** Experiments that lists found before are at hand: that must never show. */
let stack: Stack;
let ctx: Ctx;
let service: ExperimentsService;
let id: string;

beforeAll(async () => {
  stack = await startStack();
  ctx = await stack.member('editor');
  service = stack.app.get(ExperimentsService);
});
afterAll(() => stack.close());

async function listed(): Promise<FoundExperiment> {
  const { experiments } = await stack.app.get(ExperimentSearch).search(ctx, { view: 'all', limit: 100 });
  return experiments.find((experiment) => experiment.id === id)!;
}
/** What it is, read anew. */
const fresh = () => stack.app.get(ExperimentSearch).byId(ctx, id);

beforeEach(async () => {
  ({ id } = await service.create(ctx, { name: name('listed'), tags: { team: 'a', old: 'x' } }));
  await listed();
});

test('what did not change is not read again', async () => {
  const before = await listed();
  await stack.rows("update experiment_tag set value = 'behind its back' where experiment_id = $1 and key = 'team'", [id]);
  expect(await listed()).toBe(before);
  expect((await fresh())!.tags['team']).toBe('behind its back');
});

test.each<[string, () => Promise<unknown>, Partial<FoundExperiment>]>([
  ['a name', () => service.update(ctx, id, { name: `${id} renamed` }), {}],
  ['a tag', () => service.update(ctx, id, { tags: { team: 'b' } }), { tags: { team: 'b', old: 'x' } }],
  ['a tag that goes', () => service.deleteTag(ctx, id, 'old'), { tags: { team: 'a' } }],
  ['another project', () => service.update(ctx, id, { project: '/vision' }), { project: '/vision' }],
  ['the archive', () => service.update(ctx, id, { archived: true }), { archived: true }],
  ['the trash', () => service.delete(ctx, id), { deleted: true }],
])('%s is seen at once', async (_, change, expected) => {
  const before = await listed();
  await change();
  const after = await listed();
  expect(after).not.toEqual(before);
  expect(after).toMatchObject(expected);
  expect(after).toEqual(await fresh());
});

test('pages go on where they ended, from what is at hand too', async () => {
  const made = [id];
  for (let i = 0; i < 4; i++) made.unshift((await service.create(ctx, { name: name('page') })).id);
  for (let round = 0; round < 2; round++) {
    const seen: string[] = [];
    for (let after: string | undefined; seen.length < 5;) {
      const page = await stack.app.get(ExperimentSearch).search(ctx, { limit: 2, after });
      seen.push(...page.experiments.map((experiment) => experiment.id));
      expect(page.cursorOf(page.experiments.at(-1)!)).toBe(page.next);
      after = page.next;
    }
    expect(seen.slice(0, 5)).toEqual(made);
  }
});
