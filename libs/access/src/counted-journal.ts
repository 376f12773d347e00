import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '#database';
import { AccessView } from './access.view.js';
import { createCtx, type Ctx } from './ctx.js';
import { Journal, type Change, type Refusal } from './journal.js';
import { RepeatCounter, type Repeated } from './repeat-counter.js';

const MOST_TEXT = 300;

/** Who is refused: a caller that is known, or only from where. */
export type Refused = Ctx | { readonly address: string | null; readonly correlationId: string };

/** Writes down what may come in floods, refusals and reads of the audit: the first of a minute at once, repeats as one row with their count. */
@Injectable()
export class CountedJournal {
  constructor(
    private readonly journal: Journal,
    private readonly unitOfWork: UnitOfWork,
    private readonly counter: RepeatCounter,
    private readonly view: AccessView,
  ) {}

  /** Whoever is not known is `anonymous`, in the workspace `default`, which runs the installation. */
  async refused(who: Refused, refusal: Omit<Refusal, 'count'>): Promise<void> {
    const ctx = 'principal' in who ? who : await this.anonymous(who);
    const reason = refusal.reason.slice(0, MOST_TEXT);
    const { action, subject, code } = refusal;
    const item = (by: Ctx, of: Refusal['subject']): Repeated => ({
      key: JSON.stringify([by.workspaceId, by.authId, by.authId === 'anonymous' && by.address, action, of.kind, code]),
      write: (count) => this.journal.refused(by, { action, subject: of, code, reason, count }),
    });
    await this.counter.note(
      item(ctx, subject),
      item({ ...ctx, authId: 'many', address: null }, { kind: subject.kind, id: 'many' }),
    );
  }

  /** Somebody read the audit. */
  read(ctx: Ctx): Promise<void> {
    return this.counted(ctx, 'audit.read', (count) => ({ event: 'audit.read', data: { count } }));
  }

  exported(ctx: Ctx, format: string): Promise<void> {
    return this.counted(ctx, `audit.exported ${format}`, (count) => ({ event: 'audit.exported', data: { format, count } }));
  }

  private async counted(
    ctx: Ctx,
    what: string,
    change: (count: number) => Pick<Change<'audit.read'>, 'event' | 'data'> | Pick<Change<'audit.exported'>, 'event' | 'data'>,
  ): Promise<void> {
    const subject = { kind: 'workspace', id: ctx.workspaceId };
    const item = (by: Ctx): Repeated => ({
      key: JSON.stringify([by.workspaceId, by.authId, what]),
      write: (count) =>
        this.unitOfWork.run(
          {},
          async (tx) => void (await this.journal.record(tx, by, { ...change(count), subject, count } as Change<'audit.read'>)),
        ),
    });
    await this.counter.note(item(ctx), item({ ...ctx, authId: 'many' }));
  }

  private async anonymous(who: Pick<Ctx, 'address' | 'correlationId'>): Promise<Ctx> {
    const ctx = createCtx(await this.view.defaultWorkspace(), { kind: 'system', name: 'anonymous' }, who);
    return { ...ctx, authId: 'anonymous' };
  }
}
