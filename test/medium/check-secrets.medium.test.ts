import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Ctx } from '#access';
import { CheckSecretsService } from '#registry';
import { startStack, type Stack } from './stack.js';

let stack: Stack;
let admin: Ctx;
beforeAll(async () => {
  stack = await startStack();
  admin = await stack.member('admin', 'ada');
});
afterAll(() => stack.close());

const service = () => stack.app.get(CheckSecretsService);
const now = () => service().now(stack.workspaceId);

test('nothing signs until somebody makes a secret; the one before signs too while its time lasts', async () => {
  expect(await now()).toEqual([]);
  const { secret: first } = await service().rotate(admin);
  expect(first).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(await now()).toEqual([first]);
  const { secret: second } = await service().rotate(admin, 1);
  expect(await now()).toEqual([second, first]);
  const { secret: third } = await service().rotate(admin, 0);
  expect(await now()).toEqual([third]);
});

test('who does not govern the registry makes none, and neither does a grace that is none', async () => {
  const before = await now();
  await expect(service().rotate(await stack.member('editor'))).rejects.toMatchObject({ code: 'FORBIDDEN' });
  for (const hours of [-1, 169, Number.NaN])
    await expect(service().rotate(admin, hours)).rejects.toMatchObject({ code: 'BAD_INPUT', field: 'graceHours' });
  expect(await now()).toEqual(before);
});

test('that a secret was made is in the audit, and the secret itself is nowhere but in its row', async () => {
  const { secret } = await service().rotate(admin);
  const kept = await stack.rows<{ text: string }>(
    `select row_to_json(a)::text as text from audit_log a union all select row_to_json(e)::text from event_log e`,
  );
  expect(kept.filter(({ text }) => text.includes('check_secret.rotated')).length).toBeGreaterThan(0);
  expect(kept.filter(({ text }) => text.includes(secret))).toEqual([]);
});
