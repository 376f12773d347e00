import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCtx, type Ctx } from '#access';
import { LineageView, QuestionsView } from '#lineage';
import { DrawingRole, drawn, say, sayLoop, type Drawn } from './lineage-kit.js';
import { startStack, type Stack } from './stack.js';

let stack: Stack;
let viewer: Ctx;
let loop: Drawn;
let secret: Drawn;
const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute));

beforeAll(async () => {
  stack = await startStack([DrawingRole]);
  viewer = await stack.member('viewer');
  loop = await sayLoop(stack, '/vision', at);
  secret = await sayLoop(stack, '/secret', at);
  await drawn(stack);
});
afterAll(() => stack.close());

const view = () => stack.app.get(LineageView);
const questions = () => stack.app.get(QuestionsView);
const ids = ({ nodes }: { readonly nodes: readonly { readonly id: string }[] }) => nodes.map(({ id }) => id);
const up = { direction: 'upstream', depth: 20 } as const;
const down = { direction: 'downstream', depth: 20 } as const;

const memberOf = (project: string): Promise<Ctx> => stack.member('viewer', undefined, project);

describe('a walk', () => {
  test('goes from a revision to the first data, and names each kind', async () => {
    const found = await view().walk(viewer, loop.revision, up);
    const kinds = new Set(found.nodes.map(({ kind }) => kind));
    for (const kind of [
      'revision',
      'endpoint',
      'model_version',
      'model',
      'run',
      'training_job',
      'attempt',
      'template_revision',
      'template',
      'dataset_version',
      'blob',
    ])
      expect(kinds).toContain(kind);
    expect(ids(found)).toContain(loop.versions[0]);
    expect(found.nodes.find(({ id }) => id === loop.version)).toMatchObject({
      label: 'version 1',
      state: 'production',
      goneAt: null,
    });
  });

  test('has only the kinds asked for, joined through what lies between', async () => {
    const found = await view().walk(viewer, loop.revision, { ...up, kinds: ['dataset_version'] });
    expect(found.edges).toContainEqual({ from: loop.revision, to: loop.versions[1], relation: 'rests_on' });
    expect(found.edges).toContainEqual({ from: loop.versions[1], to: loop.versions[0], relation: 'derived_from' });
    expect(found.nodes.map(({ kind }) => kind).sort()).toEqual(['dataset_version', 'dataset_version', 'revision']);
  });

  test('sees the graph as it was', async () => {
    const before = await view().walk(viewer, loop.version, { ...up, until: at(7) });
    expect(before.nodes.find(({ id }) => id === loop.version)!.state).toBe('none');
    expect(ids(await view().walk(viewer, loop.versions[1]!, { ...down, until: at(3) }))).not.toContain(loop.run);
    await expect(view().walk(viewer, loop.revision, { ...up, until: at(9) })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('comes in pages that together are the whole, also when more is drawn meanwhile', async () => {
    const whole = await view().walk(viewer, loop.versions[0]!, down);
    const edges = [];
    let after: string | null = null;
    do {
      const page: Awaited<ReturnType<LineageView['walk']>> = await view().walk(viewer, loop.versions[0]!, {
        ...down,
        first: 3,
        after,
      });
      expect(page.edges.length).toBeLessThanOrEqual(3);
      edges.push(...page.edges);
      if (after === null) {
        await say(
          stack,
          'dataset_version.created',
          {
            datasetId: loop.dataset,
            versionId: `dsv_${'f'.repeat(32)}`,
            number: 3,
            parentId: loop.versions[0]!,
            blob: 'b'.repeat(64),
          },
          at(30),
        );
        await drawn(stack);
      }
      after = page.endCursor;
    } while (after);
    expect(edges).toEqual(whole.edges);
  });

  test.each([
    [{ depth: 0 }, 'depth'],
    [{ depth: 51 }, 'depth'],
    [{ first: 10_001 }, 'first'],
    [{ after: 'x' }, 'after'],
    [{ kinds: ['nonsense'] }, 'kinds'],
  ])('refuses %j', async (wrong, field) => {
    await expect(view().walk(viewer, loop.run, { ...up, ...wrong })).rejects.toMatchObject({ code: 'BAD_INPUT', field });
  });

  test('takes a prediction, and says what it does not know', async () => {
    await expect(view().walk(viewer, `run_${'0'.repeat(32)}`, up)).rejects.toMatchObject({ code: 'NOT_FOUND', field: 'id' });
  });
});

describe('a path', () => {
  test('is the shortest, its nodes in order, whichever end is named first', async () => {
    const path = await view().path(viewer, loop.version, loop.dataset, { depth: 10 });
    expect(ids(path!)).toEqual([loop.version, loop.versions[1], loop.dataset]);
    const back = await view().path(viewer, loop.dataset, loop.version, { depth: 10 });
    expect(ids(back!)).toEqual([loop.dataset, loop.versions[1], loop.version]);
  });

  test('is none where there is none, or none of that kind or length', async () => {
    expect(await view().path(viewer, loop.version, secret.version, { depth: 50 })).toBeNull();
    expect(await view().path(viewer, loop.version, loop.dataset, { depth: 1 })).toBeNull();
    expect(await view().path(viewer, loop.version, loop.dataset, { depth: 10, kinds: ['run'] })).toBeNull();
  });
});

describe('what must be done', () => {
  test('when data must go: what is touched, endpoints in production first', async () => {
    const impact = await questions().impactOf(viewer, loop.versions[0]!, { depth: 20 }, 'production');
    expect(impact.inProduction.map(({ id }) => id)).toEqual([loop.endpoint, loop.version]);
    for (const id of [loop.run, loop.version, loop.revision, loop.model, loop.endpoint, loop.versions[1]])
      expect(ids(impact)).toContain(id);
    expect(ids(impact)).not.toContain(secret.run);
  });

  test('what is to be trained again, and by which template', async () => {
    const { items } = await questions().retrainingNeeded(viewer, loop.versions[0]!, { depth: 20, stage: 'production' });
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({
      model: { id: loop.model },
      version: { id: loop.version },
      templates: [{ id: loop.template }],
    });
    const other = await questions().retrainingNeeded(viewer, loop.versions[0]!, { depth: 20, stage: 'staging' });
    expect(other.items).toEqual([]);
  });

  test('which production models rest on something deleted or invalid, also as it was', async () => {
    const ask = (until?: Date) => questions().restingOnInvalid(viewer, { depth: 20, stage: 'production', until });
    expect((await ask()).items).toEqual([]);
    await say(
      stack,
      'dataset_version.validation_failed',
      { datasetId: loop.dataset, versionId: loop.versions[0]!, number: 1, reason: 'x' },
      at(40),
    );
    await drawn(stack);
    const { items } = await ask();
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({ version: { id: loop.version }, restsOn: [{ id: loop.versions[0], state: 'INVALID' }] });
    expect((await ask(at(39))).items).toEqual([]);
  });
});

describe('the member of a project', () => {
  test('sees its part of the graph, and nothing of others, not even where they meet', async () => {
    const member = await memberOf('/vision');
    expect(ids(await view().walk(member, loop.revision, up))).toContain(loop.versions[0]);
    await expect(view().walk(member, secret.run, up)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const shared = 'a'.repeat(64);
    const met = ids(await view().walk(member, shared, down));
    expect(met).toContain(loop.versions[0]);
    expect(met.filter((id) => Object.values(secret).flat().includes(id))).toEqual([]);
    await expect(view().path(member, loop.version, secret.dataset, { depth: 10 })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const impact = await questions().impactOf(member, shared, { depth: 20 }, 'production');
    expect(impact.inProduction.map(({ id }) => id)).toEqual([loop.endpoint, loop.version]);
  });

  test('of another workspace sees nothing', async () => {
    const stranger = createCtx(`wsp_${'0'.repeat(32)}`, viewer.principal);
    await expect(view().walk(stranger, loop.run, up)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
