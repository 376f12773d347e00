import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AccessView, Authenticator, createCtx, MembersService, TokensService, type Ctx } from '#access';
import { AutomationRole } from '../../apps/automation/src/automation.role.js';
import { name } from './builders.js';
import { startStack, type Stack } from './stack.js';
import { triggersKit, type TriggersKit } from './triggers-kit.js';

let stack: Stack;
let admin: Ctx;
let kit: TriggersKit;
let members: MembersService;
let tokens: TokensService;
beforeAll(async () => {
  stack = await startStack([AutomationRole]);
  admin = await stack.member('admin');
  kit = triggersKit(stack, admin);
  members = stack.app.get(MembersService);
  tokens = stack.app.get(TokensService);
});
afterAll(() => stack.close());

const memberId = (ctx: Ctx) => (ctx.principal as { memberId: string }).memberId;
const grantsOf = (ctx: Ctx) => stack.app.get(Authenticator).grantsOf(memberId(ctx));
const signIn = async (text: string) =>
  createCtx(stack.workspaceId, (await stack.app.get(Authenticator).authenticate(text)).principal);

describe('roles', () => {
  test('are given, changed and taken on a project each', async () => {
    const grace = await stack.member('viewer');
    await members.grant(admin, { memberId: memberId(grace), role: 'approver', project: '/shop' });
    await members.grant(admin, { memberId: memberId(grace), role: 'editor' });
    expect(await grantsOf(grace)).toEqual(
      expect.arrayContaining([
        { path: '/', role: 'editor' },
        { path: '/shop', role: 'approver' },
      ]),
    );
    await members.withdraw(admin, { memberId: memberId(grace) });
    expect(await grantsOf(grace)).toEqual([{ path: '/shop', role: 'approver' }]);
    const again = members.withdraw(admin, { memberId: memberId(grace) });
    await expect(again).rejects.toMatchObject({ code: 'NOT_FOUND', field: 'project' });
    const wrong = members.grant(admin, { memberId: memberId(grace), role: 'king' });
    await expect(wrong).rejects.toMatchObject({ code: 'BAD_INPUT', field: 'role' });
    const nobody = members.grant({ ...admin, workspaceId: 'wsp_other' }, { memberId: memberId(grace), role: 'admin' });
    await expect(nobody).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('of two admins who take each other away, one stays', async () => {
    const rows = await stack.rows<{ id: string }>("select member_id as id from member_grant where path = '/' and role = 'admin'");
    for (const { id } of rows) if (id !== memberId(admin)) await members.remove(admin, id);
    const second = await stack.member('admin');
    const ends = await Promise.allSettled([
      members.remove(admin, memberId(second)),
      members.grant(second, { memberId: memberId(admin), role: 'viewer' }),
    ]);
    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(ends.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'CONFLICT', field: 'memberId' } });
    const system = createCtx(stack.workspaceId, { kind: 'system', name: 'test' });
    await members.grant(system, { memberId: memberId(admin), role: 'admin' });
  });
});

describe('who leaves', () => {
  test('is refused with every token from then on; a grant brings the member back without them', async () => {
    const grace = await stack.member('editor');
    const { text } = await tokens.create(admin, { memberId: memberId(grace), name: 'second', scope: 'read' });
    await signIn(text);
    await members.remove(admin, memberId(grace));
    await expect(signIn(text)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await grantsOf(grace)).toEqual([]);
    await expect(members.remove(admin, memberId(grace))).rejects.toMatchObject({ code: 'CONFLICT' });
    const late = tokens.create(admin, { memberId: memberId(grace), name: 'third', scope: 'all' });
    await expect(late).rejects.toMatchObject({ code: 'CONFLICT', field: 'memberId' });
    await members.grant(admin, { memberId: memberId(grace), role: 'viewer' });
    await expect(signIn(text)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await signIn((await tokens.create(admin, { memberId: memberId(grace), name: 'back', scope: 'all' })).text);
    const said = await stack.rows<{ type: string; data: { tokens?: number } }>(
      "select type, data from event_log where data ->> 'memberId' = $1 and type like '%.member.%' order by pos",
      [memberId(grace)],
    );
    expect(said.map(({ type }) => type.split('.')[3])).toEqual(['created', 'removed', 'role_granted']);
    expect(said[1]!.data.tokens).toBe(2);
  });

  test('leaves triggers that fail, until another takes them over', async () => {
    const grace = await stack.member('editor');
    const { templateId } = await kit.template();
    const where = { field: 'data.datasetId', op: 'eq', value: 'd' };
    const filter = { kind: 'event', event: 'dataset.created', where };
    const { id } = await kit.make({ filter, action: { kind: 'start_training', templateId } }, grace);
    const fire = () => kit.say('dataset.created', { datasetId: 'd', name: name('d'), project: '/' });
    await members.remove(admin, memberId(grace));
    await fire();
    expect(await kit.settled(id)).toMatchObject([{ state: 'FAILED', reason: expect.stringMatching(/^(FORBIDDEN|NOT_FOUND): /) }]);
    const heir = await stack.member('editor');
    await kit.service.takeOver(heir, id);
    await fire();
    const running = await kit.inState(id, 'RUNNING');
    const [job] = await stack.rows('select member_id, others from training_job where id = $1', [running.startedId]);
    expect(job).toEqual({ member_id: memberId(heir), others: [] });
    await kit.cancel(running.startedId!);
    const viewer = await stack.member('viewer');
    await expect(kit.service.takeOver(viewer, id)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  test('has a hand in an incoming webhook until its secret is rotated', async () => {
    const grace = await stack.member('editor');
    const heir = await stack.member('editor');
    const { templateId } = await kit.template();
    const { id } = await kit.make({ filter: { kind: 'incoming' }, action: { kind: 'start_training', templateId } }, grace);
    const secretBy = async () => (await stack.rows('select owner_id, secret_by from trigger where id = $1', [id]))[0];
    await kit.service.takeOver(heir, id);
    expect(await secretBy()).toEqual({ owner_id: memberId(heir), secret_by: memberId(grace) });
    await kit.service.rotateSecret(heir, id, 'incoming');
    expect(await secretBy()).toEqual({ owner_id: memberId(heir), secret_by: memberId(heir) });
  });
});

describe('tokens of one self', () => {
  test('everybody makes and revokes, of a scope that may, and none that outlives the one in use', async () => {
    const grace = await stack.member('viewer', undefined, '/shop');
    const mine = await tokens.create(grace, { memberId: null, name: 'mine', scope: 'read' });
    const reader = await signIn(mine.text);
    expect(reader.principal).toMatchObject({ memberId: memberId(grace), scope: 'read' });
    const more = tokens.create(reader, { memberId: null, name: 'more', scope: 'all' });
    await expect(more).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const other = await stack.member('viewer');
    for (const refused of [
      tokens.create(grace, { memberId: memberId(other), name: 'theirs', scope: 'read' }),
      tokens.create(grace, { memberId: null, name: 'node', scope: 'node' }),
    ])
      await expect(refused).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(tokens.revoke(other, mine.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await tokens.revoke(grace, mine.id);
    await expect(signIn(mine.text)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    const short = await tokens.create(admin, { memberId: memberId(grace), name: 'a week', scope: 'all', ttlDays: 7 });
    const weekly = await signIn(short.text);
    const longer = tokens.create(weekly, { memberId: null, name: 'a year', scope: 'all', ttlDays: 365 });
    await expect(longer).rejects.toMatchObject({ code: 'BAD_INPUT', field: 'ttlDays' });
    const same = await tokens.create(weekly, { memberId: null, name: 'as long', scope: 'read' });
    const view = stack.app.get(AccessView);
    const listed = (await view.tokens(grace, {}, {})).nodes;
    expect(listed.find(({ id }) => id === same.id)!.expiresAt).toEqual(listed.find(({ id }) => id === short.id)!.expiresAt);
    expect(new Set(listed.map((row) => row.memberId))).toEqual(new Set([memberId(grace)]));
    expect(listed.map(({ id }) => id)).not.toContain(mine.id);
    expect((await view.tokens(grace, { ended: true }, {})).nodes.map(({ id }) => id)).toContain(mine.id);
    expect((await view.tokens(admin, { memberId: memberId(other) }, {})).nodes).toHaveLength(1);
  });
});
