import { Injectable } from '@nestjs/common';
import { authorize, Journal, type Ctx } from '#access';
import { UnitOfWork } from '#database';
import { DomainError, newSigningSecret } from '#kernel';
import { CheckSecretsStore } from './check-secrets.store.js';

const GRACE_HOURS = { usual: 24, most: 168 };

/** The secret by which a workspace's own checks (the gate `http_check`) know that the platform asks. */
@Injectable()
export class CheckSecretsService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: CheckSecretsStore,
    private readonly journal: Journal,
  ) {}

  /** Makes a secret, or another one; the one before signs too for `graceHours` (24 when absent, 0 to 168). It is told once. Throws BAD_INPUT. */
  async rotate(ctx: Ctx, graceHours: number = GRACE_HOURS.usual): Promise<{ secret: string }> {
    authorize(ctx, 'registry.govern', '/');
    if (!(graceHours >= 0 && graceHours <= GRACE_HOURS.most))
      throw new DomainError('BAD_INPUT', `graceHours must be between 0 and ${GRACE_HOURS.most}`, 'graceHours');
    return this.unitOfWork.run(ctx, async (tx) => {
      const secret = newSigningSecret();
      await this.store.put(tx, ctx.workspaceId, secret, ctx.authId, graceHours * 3600);
      await this.journal.record(tx, ctx, {
        event: 'check_secret.rotated',
        subject: { kind: 'workspace', id: ctx.workspaceId },
        data: { graceHours },
      });
      return { secret };
    });
  }

  /** Those that sign now, the newest first; for who asks the checks. */
  now(workspaceId: string): Promise<string[]> {
    return this.unitOfWork.run({}, (tx) => this.store.now(tx, workspaceId));
  }
}
