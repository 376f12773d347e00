import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  AccessService,
  AccessView,
  allows,
  Authenticator,
  MembersService,
  TokensService,
  createCtx,
  IdempotencyGuard,
  type Ctx,
} from '#access';
import { DatasetsService, DatasetsView } from '#datasets';
import { DomainError, sha256 } from '#kernel';
import { name } from './builders.js';
import { startStack, type Stack } from './stack.js';

let stack: Stack;
let editor: Ctx;
beforeAll(async () => {
  stack = await startStack();
  editor = await stack.member('editor');
});
afterAll(() => stack.close());

const datasets = () => stack.app.get(DatasetsService);
const withKey = (ctx: Ctx, key: string, hash = 'h'): Ctx => ({
  ...ctx,
  guard: new IdempotencyGuard(ctx.workspaceId, ctx.authId, key, hash),
});

describe('Idempotency-Key', () => {
  test('the same key 20 times at once: one execution, one answer', async () => {
    const input = { name: name('once') };
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => datasets().create(withKey(editor, `k-${input.name}`), input)),
    );
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    expect(await stack.rows('select 1 from dataset where name = $1', [input.name])).toHaveLength(1);
    expect(
      await stack.rows("select 1 from event_log where type like '%dataset.created%' and data->>'name' = $1", [input.name]),
    ).toHaveLength(1);
  });

  test('another request under the same key is refused; after 24 hours the key is new', async () => {
    const key = name('key');
    await datasets().create(withKey(editor, key, 'one'), { name: name('d') });
    await expect(datasets().create(withKey(editor, key, 'two'), { name: name('d') })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_MISMATCH',
    });
    await stack.owner.query("update idempotency_key set created_at = now() - interval '25 hours' where key = $1", [key]);
    await expect(datasets().create(withKey(editor, key, 'two'), { name: name('d') })).resolves.toHaveProperty('id');
  });

  test('keys that have run out are dropped, the others stay', async () => {
    const [old, young] = [name('old'), name('young')];
    for (const key of [old, young]) await datasets().create(withKey(editor, key), { name: name('d') });
    await stack.owner.query("update idempotency_key set created_at = now() - interval '25 hours' where key = $1", [old]);
    expect(await stack.app.get(AccessService).dropOldKeys()).toBeGreaterThanOrEqual(1);
    expect(await stack.rows('select key from idempotency_key where key = any($1)', [[old, young]])).toEqual([{ key: young }]);
  });

  test('a request that failed keeps no key', async () => {
    const taken = name('taken');
    await datasets().create(editor, { name: taken });
    const key = name('key');
    await expect(datasets().create(withKey(editor, key), { name: taken })).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await stack.rows('select 1 from idempotency_key where key = $1', [key])).toEqual([]);
  });

  test("one caller's key is not another's", async () => {
    const [key, other] = [name('key'), await stack.member('editor')];
    const [mine, theirs] = [
      await datasets().create(withKey(editor, key), { name: name('d') }),
      await datasets().create(withKey(other, key), { name: name('d') }),
    ];
    expect(mine.id).not.toBe(theirs.id);
  });
});

describe('tokens', () => {
  test('are stored hashed, and are refused when expired or revoked', async () => {
    const tokens = stack.app.get(TokensService);
    const system = createCtx(stack.workspaceId, { kind: 'system', name: 'test' });
    const memberId = await stack.app.get(MembersService).create(system, { name: name('m'), role: 'viewer' });
    const token = await tokens.create(system, { memberId, name: 't', scope: 'all', ttlDays: 1 });
    expect(await stack.rows('select 1 from token where hash = $1', [token.text])).toEqual([]);
    await expect(stack.app.get(Authenticator).authenticate(token.text)).resolves.toMatchObject({
      workspaceId: stack.workspaceId,
    });
    await stack.owner.query("update token set expires_at = now() - interval '1 second' where id = $1", [token.id]);
    stack.app.get(Authenticator).changed();
    await expect(stack.app.get(Authenticator).authenticate(token.text)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    const second = await tokens.create(system, { memberId, name: 't', scope: 'all' });
    await tokens.revoke(system, second.id);
    await expect(stack.app.get(Authenticator).authenticate(second.text)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('inference nodes hear of each with where it may predict: one of a scope that does not predict, nowhere', async () => {
    const tokens = stack.app.get(TokensService);
    const system = createCtx(stack.workspaceId, { kind: 'system', name: 'test' });
    const memberId = await stack.app.get(MembersService).create(system, { name: name('m'), role: 'viewer', project: '/shop' });
    const told = async (scope: 'all' | 'predict' | 'read') => {
      const { text } = await tokens.create(system, { memberId, name: scope, scope });
      return (await stack.app.get(AccessView).callers()).find(({ hash }) => hash === sha256(text))?.paths;
    };
    expect([await told('all'), await told('predict'), await told('read')]).toEqual([['/shop'], ['/shop'], []]);
  });

  test('the first workspace is made once, also when two processes start together', async () => {
    const access = stack.app.get(AccessService);
    const made = await Promise.all([access.bootstrap(), access.bootstrap()]);
    expect(made.map(({ adminToken }) => adminToken)).toEqual([undefined, undefined]);
    expect(await stack.rows('select 1 from workspace')).toHaveLength(1);
  });
});

describe('workspaces', () => {
  test('an admin of the default one makes another; neither sees what the other has', async () => {
    const access = stack.app.get(AccessService);
    const admin = await stack.member('admin');
    const tokens = stack.app.get(TokensService);
    const made = await access.createWorkspace(admin, { name: name('w'), admin: 'root' });
    const { workspaceId, principal } = await stack.app.get(Authenticator).authenticate(made.adminToken);
    expect(workspaceId).toBe(made.workspaceId);
    const theirs = createCtx(workspaceId, principal);
    const shared = name('same-name');
    await datasets().create(editor, { name: shared });
    await datasets().create(theirs, { name: shared });
    expect((await stack.app.get(DatasetsView).list(theirs, {}, {})).nodes.map((row) => row.name)).toEqual([shared]);
    await expect(access.createWorkspace(theirs, { name: name('w'), admin: 'root' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(tokens.create(theirs, { memberId: null, name: 'n', scope: 'node' })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    await expect(tokens.create(admin, { memberId: null, name: 'n', scope: 'node' })).resolves.toHaveProperty('text');
    await expect(access.createWorkspace(admin, { name: 'default', admin: 'root' })).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});

describe('project paths', () => {
  test('rights hang on a path: what lies beside it is neither writable nor seen', async () => {
    const visionary = await stack.member('editor', undefined, '/vision');
    const [inside, below, beside] = [name('in'), name('below'), name('beside')];
    await datasets().create(visionary, { name: inside, project: '/vision' });
    await datasets().create(visionary, { name: below, project: '/vision/detect' });
    await datasets().create(editor, { name: beside, project: '/visionary' });
    await expect(datasets().create(visionary, { name: name('x'), project: '/visionary' })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    await expect(datasets().create(visionary, { name: name('x') })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const seen = (await stack.app.get(DatasetsView).list(visionary, {}, { first: 100 })).nodes.map((row) => row.name);
    expect(seen.sort()).toEqual([inside, below].sort());
  });

  test('what belongs to no project needs a role on the whole workspace: the admin of a path is no admin of the rest', async () => {
    const pathAdmin = await stack.member('admin', undefined, '/vision');
    for (const permission of ['access.write', 'access.read', 'audit.read', 'events.read', 'operations.write'] as const)
      expect(allows(pathAdmin, permission)).toBe(false);
    for (const permission of ['self.read', 'dataset.write', 'registry.approve', 'lineage.read'] as const)
      expect(allows(pathAdmin, permission)).toBe(true);
    expect(allows(await stack.member('admin'), 'access.write')).toBe(true);
  });

  test('an underscore in a path stands for itself', async () => {
    const viewer = await stack.member('viewer', undefined, '/team_a');
    await datasets().create(editor, { name: name('d'), project: '/teamXa/secret' });
    expect((await stack.app.get(DatasetsView).list(viewer, {}, {})).nodes).toEqual([]);
  });

  test.each(['vision', '/vision/', '/../x', '//x', '/a b', `/${'x'.repeat(300)}`])(
    '%s is not a project path',
    async (project) => {
      await expect(datasets().create(editor, { name: name('d'), project })).rejects.toThrow(DomainError);
    },
  );
});
