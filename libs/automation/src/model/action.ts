import { z } from 'zod';
import { TrainingSpecSchema } from '#contracts';
import { DomainError, isDomainError } from '#kernel';
import { parsed } from './trigger.js';

const id = z.string().min(1).max(100);
const url = z.string().max(2048).optional();

const ActionSchema = z.discriminatedUnion('kind', [
  /** Trains a template on the data set version that the event is about, or on the newest valid one of the template's data set. */
  z.strictObject({
    kind: z.literal('start_training'),
    templateId: id,
    overrides: z.record(z.string(), z.unknown()).optional(),
    data: z.enum(['event', 'newest']).optional(),
  }),
  /** Measures a model version on its own files: the named one, or the event's; one that others trained on the newest valid version of the data set in `on`. */
  z.strictObject({
    kind: z.literal('evaluate_version'),
    versionId: id.optional(),
    on: z
      .strictObject({
        datasetId: id,
        label: z.string().min(1),
        features: z.array(z.string().min(1)).min(1).max(10_000).optional(),
        classes: z.array(z.string()).min(2).max(10_000).optional(),
      })
      .optional(),
  }),
  /** Asks for a stage for the event's model version, or for the newest version of the named model. */
  z.strictObject({
    kind: z.literal('request_stage'),
    stage: z.string().min(1).max(100),
    modelId: id.optional(),
    reason: z.string().max(500).optional(),
  }),
  /** Lets an endpoint serve the named version, or the event's. */
  z.strictObject({ kind: z.literal('deploy'), endpointId: id, versionId: id.optional() }),
  /** Lets an endpoint serve what it served before. */
  z.strictObject({ kind: z.literal('roll_back'), endpointId: id, reason: z.string().max(500).optional() }),
  z.strictObject({ kind: z.literal('call_webhook'), url }),
  z.strictObject({ kind: z.literal('notify_chat'), url, text: z.string().min(1).max(4000) }),
]);
type ActionInput = z.infer<typeof ActionSchema>;

/** `to`: the origin of an address whose rest is kept as a secret, since such addresses often hold a key. */
type Outside<A> = A extends { url?: string } ? Omit<A, 'url'> & { readonly to: string } : A;
/** What a trigger does, as it is stored and shown: without its secrets. */
export type TriggerAction = Outside<ActionInput>;
export type OutsideAction = Extract<TriggerAction, { to: string }>;
export type InsideAction = Exclude<TriggerAction, OutsideAction>;

export function isOutside(action: TriggerAction): action is OutsideAction {
  return 'to' in action;
}

/**
 * An action from outside, and its address apart from it. `checkUrl` throws for places where it may not go; `before` is what the trigger did until now: an
 * action of the same kind without an address keeps that. Throws BAD_INPUT.
 */
export function parseAction(
  input: unknown,
  checkUrl: (url: string) => URL,
  before?: TriggerAction,
): { readonly action: TriggerAction; readonly url?: string } {
  const action = parsed(ActionSchema.safeParse(input), 'action');
  if (action.kind === 'start_training') checkOverrides(action.overrides);
  if (action.kind !== 'call_webhook' && action.kind !== 'notify_chat') return { action };
  const { url: address, ...rest } = action;
  if (address !== undefined) {
    const { origin } = atActionUrl(() => checkUrl(address));
    return { action: { ...rest, to: origin } as TriggerAction, url: address };
  }
  if (before && isOutside(before) && before.kind === action.kind) return { action: { ...rest, to: before.to } as TriggerAction };
  throw new DomainError('BAD_INPUT', `action.url: ${action.kind} needs the address where it goes`, 'action.url');
}

/** What is wrong with an address is said where the trigger has it. */
function atActionUrl<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!isDomainError(error)) throw error;
    throw new DomainError(error.code, `action.url: ${error.message}`, 'action.url');
  }
}

/**
 * Checks each override as the training spec has it. What several parts must agree on (the split sums to 1) is checked with the template, when the training
 * starts. Throws BAD_INPUT.
 */
function checkOverrides(overrides: Record<string, unknown> | undefined): void {
  const result = TrainingSpecSchema.safeParse({ task: 'classification', label: 'any', ...overrides });
  const issue = result.success ? undefined : result.error.issues.find(({ code }) => code !== 'custom');
  if (!issue) return;
  const field = ['action.overrides', ...issue.path].map(String).join('.');
  throw new DomainError('BAD_INPUT', `${field}: ${issue.message}`, field);
}
