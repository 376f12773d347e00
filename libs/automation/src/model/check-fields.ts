import type { z } from 'zod';
import { EVENTS, type EventName } from '#contracts';
import { DomainError } from '#kernel';
import { isMetricTest, ORDER_OPS, testsOf, type Condition, type FieldTest } from './condition.js';
import { factsOf, isFactOf } from './facts.js';

/** As much of a zod schema as tells what a payload holds. */
interface Shape {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly innerType?: z.ZodType;
  readonly valueType?: z.ZodType;
  readonly element?: z.ZodType;
}

const shapeOf = (schema: z.ZodType): Shape => {
  const shape = (schema as unknown as { def: Shape }).def;
  return shape.innerType ? shapeOf(shape.innerType) : shape;
};

/** Checks that a condition asks only for what the event's payload and subject have. Throws BAD_INPUT, which names what there is. */
export function checkFields(condition: Condition | undefined, event: EventName, path: string): void {
  for (const test of testsOf(condition)) {
    if (isMetricTest(test)) {
      if (event !== 'run.metrics_logged') throw bad(path, `a test of a metric needs the event run.metrics_logged, not ${event}`);
    } else if (test.field.startsWith('subject.')) checkFact(test.field, event, path);
    else checkValue(test, payloadField(test.field, event, path), path);
  }
}

/** Checks what a webhook from outside may be asked: its own data only, whose fields nobody knows here. Throws BAD_INPUT. */
export function checkIncomingFields(condition: Condition | undefined, path: string): void {
  for (const test of testsOf(condition))
    if (isMetricTest(test) || !test.field.startsWith('data.'))
      throw bad(path, 'an incoming webhook has fields of its body only: data.<field>');
}

/** Checks a list of payload fields, as `data.versionId`. Throws BAD_INPUT. */
export function checkFieldNames(fields: readonly string[], event: EventName, path: string): void {
  for (const field of fields) payloadField(field, event, path);
}

const COMPARED: EventName = 'dataset_version.compared';

function checkFact(field: string, event: EventName, path: string): void {
  if (isFactOf(event, field.slice('subject.'.length))) return;
  const known = factsOf(event).map((name) => `subject.${name}`);
  const hint =
    event.startsWith('dataset_version.') && field.startsWith('subject.drift.') ? `; drift is known from ${COMPARED} on` : '';
  throw bad(
    path,
    `${event} knows no ${field}; ${known.length > 0 ? `there are ${known.join(', ')}` : 'it has no facts of its subject'}${hint}`,
  );
}

function payloadField(field: string, event: EventName, path: string): Shape {
  const steps = field.replace(/^data\./, '').split('.');
  let at = shapeOf(EVENTS[event]);
  for (const [index, step] of steps.entries()) {
    if (at.type === 'record') return shapeOf(at.valueType!);
    const next: z.ZodType | undefined = at.shape && Object.hasOwn(at.shape, step) ? at.shape[step] : undefined;
    if (!next) throw unknownField(field, event, at, steps.slice(0, index), path);
    at = shapeOf(next);
  }
  return at;
}

function unknownField(field: string, event: EventName, at: Shape, before: readonly string[], path: string): DomainError {
  const prefix = ['data', ...before].join('.');
  const known = Object.keys(at.shape ?? {}).map((name) => `${prefix}.${name}`);
  return bad(path, `${event} has no ${field}; ${known.length > 0 ? `there are ${known.join(', ')}` : `${prefix} has no fields`}`);
}

/** A comparison that can never hold is a mistake of who wrote it. */
function checkValue({ field, op, value }: FieldTest, at: Shape, path: string): void {
  const ordered = (ORDER_OPS as readonly string[]).includes(op);
  if (ordered && at.type !== 'number') throw bad(path, `${op} compares numbers, and ${field} is a ${at.type}`);
  if (op === 'starts_with' && at.type !== 'string') throw bad(path, `${op} looks at texts, and ${field} is a ${at.type}`);
  if (op === 'contains' && at.type !== 'string' && at.type !== 'array')
    throw bad(path, `${op} looks into texts and lists, and ${field} is a ${at.type}`);
  if (op !== 'eq' && op !== 'ne' && op !== 'in') return;
  const wrong = (Array.isArray(value) ? value : [value]).find((one) => one !== null && typeof one !== at.type);
  if (wrong !== undefined && ['string', 'number', 'boolean'].includes(at.type))
    throw bad(path, `${field} is a ${at.type}, and ${JSON.stringify(wrong)} is none`);
}

function bad(path: string, message: string): DomainError {
  return new DomainError('BAD_INPUT', `${path}: ${message}`, path);
}
