import type { Tx } from '#database';
import { DomainError } from '#kernel';
import { WorkspaceEntity } from './access.entities.js';
import type { Ctx } from './ctx.js';

/** Who runs the installation: the platform itself, and admins of the workspace `default`. Throws FORBIDDEN. */
export async function checkOperator(tx: Tx, ctx: Ctx, what: string): Promise<void> {
  const home = await tx.em.findOneBy(WorkspaceEntity, { id: ctx.workspaceId });
  if (home?.name !== 'default') throw new DomainError('FORBIDDEN', `only an admin of the workspace default may ${what}`);
}
