import type { Ctx } from '#access';
import type { LoggedEvent } from '#contracts';
import type { TriggerAction } from './model/trigger.js';

export const ACTION_PORT = Symbol('ActionPort');

/** Runs an action as the trigger's principal, in the use cases of the domains; bound by the automation app. Answers the ids that it made. */
export interface ActionPort {
  run(ctx: Ctx, action: TriggerAction, event: LoggedEvent): Promise<Record<string, string>>;
}
