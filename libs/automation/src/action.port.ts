import type { Ctx } from '#access';
import type { End, FiredTrigger } from './executions.service.js';

export const ACTION_PORT = Symbol('ActionPort');

/** What an action made. */
export interface Acted {
  readonly outcome: Readonly<Record<string, string>>;
  /** What it started and what goes on: the execution ends with it. */
  readonly startedId?: string;
}

/** Carries out what triggers want, in the use cases of the domains; bound by the automation app. */
export interface ActionPort {
  /** Acts as the trigger's principal. */
  run(ctx: Ctx, fired: FiredTrigger): Promise<Acted>;
  /** How that ended which was started under this id; undefined while it goes on. */
  endOf(workspaceId: string, startedId: string): Promise<End | undefined>;
}
