import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '#database';
import { AccessView } from './access.view.js';
import { createCtx, type Ctx } from './ctx.js';
import { Journal, type Change, type Refusal } from './journal.js';
import { RepeatCounter, type Repeated } from './repeat-counter.js';

const MOST_TEXT = 300;
const ANONYMOUS = 'anonymous';
/** Actor of what there was no room to count apart. */
const MANY = 'many';
/** Subject of repeats that were not all about the same one. */
const SEVERAL = 'several';

/** Who is refused: a caller that is known, or only from where. */
export type Refused = Ctx | { readonly address: string | null; readonly correlationId: string };

/**
 * Writes down what may come in floods, refusals, reads of the audit and exports: the first of a minute at once, repeats as one row with their count. It never throws:
 * what it cannot write is logged, and a refused caller is refused all the same.
 */
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
    const { action, subject, code } = refusal;
    const reason = refusal.reason.slice(0, MOST_TEXT);
    const [where, actor] = 'principal' in who ? [who.workspaceId, who.authId] : [ANONYMOUS, who.address];
    const item = (key: unknown[], by: Partial<Ctx>): Repeated => ({
      key: JSON.stringify(key),
      about: subject.id,
      write: async (count, several) => {
        const ctx = { ...(await this.ctxOf(who)), ...by };
        const id = several ? SEVERAL : subject.id;
        await this.journal.refused(ctx, { action, subject: { kind: subject.kind, id }, code, reason, count });
      },
    });
    const crowd = item([where, MANY, action, subject.kind, code], { authId: MANY, address: null });
    await this.counter.note(item([where, actor, action, subject.kind, code], {}), crowd);
  }

  /** Somebody read the audit. */
  read(ctx: Ctx): Promise<void> {
    return this.counted(ctx, 'audit.read', (count) => ({ event: 'audit.read', data: { count } }));
  }

  /** Somebody took the audit, or the graph of lineage, away. */
  exported(ctx: Ctx, format: string, event: 'audit.exported' | 'lineage.exported' = 'audit.exported'): Promise<void> {
    return this.counted(ctx, `${event} ${format}`, (count) => ({ event, data: { format, count } }));
  }

  private async counted<N extends 'audit.read' | 'audit.exported' | 'lineage.exported'>(
    ctx: Ctx,
    what: string,
    change: (count: number) => Pick<Change<N>, 'event' | 'data'>,
  ): Promise<void> {
    const subject = { kind: 'workspace', id: ctx.workspaceId };
    const item = (by: Ctx): Repeated => ({
      key: JSON.stringify([by.workspaceId, by.authId, what]),
      about: ctx.workspaceId,
      write: (count) =>
        this.unitOfWork.run({}, async (tx) => void (await this.journal.record(tx, by, { ...change(count), subject, count }))),
    });
    await this.counter.note(item(ctx), item({ ...ctx, authId: MANY }));
  }

  private async ctxOf(who: Refused): Promise<Ctx> {
    if ('principal' in who) return who;
    const ctx = createCtx(await this.view.defaultWorkspace(), { kind: 'system', name: ANONYMOUS }, who);
    return { ...ctx, authId: ANONYMOUS };
  }
}
