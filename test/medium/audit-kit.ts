import { Module } from '@nestjs/common';
import { AuditChainConsumer, AuditView, createCtx, type Ctx } from '#access';
import { DatasetsService } from '#datasets';
import { newId } from '#kernel';
import { RelayModule } from '#messaging';
import { until } from '#testing';
import type { ChainLine } from '../../apps/cli/src/audit/chain-lines.js';
import { verifyChain, type Expected, type Verdict } from '../../apps/cli/src/audit/verify-chain.js';
import { name } from './builders.js';
import { startStack, type Stack } from './stack.js';

@Module({ imports: [RelayModule], providers: [AuditChainConsumer] })
class ChainRole {}

/** The domains, the relay and the consumer that links the audit. */
export const startAudited = (): Promise<Stack> => startStack([ChainRole]);

export const systemOf = (stack: Stack): Ctx => createCtx(stack.workspaceId, { kind: 'system', name: 'test' });

export async function changes(stack: Stack, ctx: Ctx, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < count; i++) ids.push((await stack.app.get(DatasetsService).create(ctx, { name: name('audited') })).id);
  return ids;
}

/** Waits until every row of the workspace is in its chain. */
export async function linked(stack: Stack, ctx: Ctx): Promise<void> {
  const view = stack.app.get(AuditView);
  await until('every row is linked', async () => (await view.unlinked(ctx)).waiting === 0, 10_000);
}

async function* lines(stack: Stack, ctx: Ctx): AsyncGenerator<ChainLine> {
  const view = stack.app.get(AuditView);
  const checkpoint = await view.checkpoint(ctx);
  if (checkpoint) yield { checkpoint };
  for await (const page of view.links(ctx, 0)) yield* page;
  yield { end: await view.unlinked(ctx) };
}

/** What `tailrace audit verify` says. */
export function verified(stack: Stack, ctx: Ctx, expected: Omit<Expected, 'workspaceId'> = {}): Promise<Verdict> {
  return verifyChain(lines(stack, ctx), { workspaceId: ctx.workspaceId, ...expected });
}

/** A workspace with nothing in it. */
export async function emptyWorkspace(stack: Stack): Promise<Ctx> {
  const ctx = { ...systemOf(stack), workspaceId: newId('workspace') };
  await stack.owner.query('insert into workspace (id, name) values ($1, $2)', [ctx.workspaceId, name('workspace')]);
  return ctx;
}
