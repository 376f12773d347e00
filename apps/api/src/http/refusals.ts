import { Injectable } from '@nestjs/common';
import { CountedJournal, type Refused } from '#access';
import { isDomainError, type ErrorCode } from '#kernel';
import { subjectIn } from './subject-in.js';

/** Codes that say: not you, or not this way. Bad input, what is not there and what the state does not allow are no refusals. */
const REFUSED: ReadonlySet<string> = new Set<ErrorCode>(['FORBIDDEN', 'UNAUTHENTICATED', 'SELF_APPROVAL', 'STALE_ATTEMPT']);

export interface Attempted {
  readonly who: Refused;
  /** What was called: a constant of the program, so that repeats can be counted. */
  readonly action: string;
  /** What the caller sent, in which the subject is looked for. */
  readonly input?: unknown;
}

interface Details {
  readonly action: string;
  readonly subject: { readonly kind: string; readonly id: string };
}

/** Every refused attempt at any edge comes by here on its way to the caller, and so into the audit. */
@Injectable()
export class Refusals {
  constructor(private readonly journal: CountedJournal) {}

  /** Resolves when it stands in the audit, or is counted there; at once for an error that is no refusal. */
  async note(error: unknown, { who, action, input }: Attempted): Promise<void> {
    if (!isDomainError(error) || !REFUSED.has(error.code)) return;
    // The domain may know better what was attempted, on what.
    const known = error.details?.['refused'] as Details | undefined;
    const workspace = 'workspaceId' in who ? who.workspaceId : 'default';
    const subject = known?.subject ?? subjectIn(input) ?? { kind: 'workspace', id: workspace };
    await this.journal.refused(who, { action: known?.action ?? action, subject, code: error.code, reason: error.message });
  }
}
