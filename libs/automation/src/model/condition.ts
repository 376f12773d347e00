import { z } from 'zod';
import { DomainError } from '#kernel';

const MAX_DEPTH = 16;
const MAX_PARTS = 100;

const Scalar = z.union([z.string().max(1000), z.number(), z.boolean(), z.null()]);
export type Scalar = z.infer<typeof Scalar>;

export const ORDER_OPS = ['gt', 'gte', 'lt', 'lte'] as const;
export const FIELD_OPS = ['eq', 'ne', ...ORDER_OPS, 'in', 'contains', 'starts_with', 'exists'] as const;
export type FieldOp = (typeof FIELD_OPS)[number];

const FieldPart = z.strictObject({
  field: z.string().regex(/^(data|subject)\.\S(.{0,250}\S)?$/, 'must be data.<field> or subject.<fact>'),
  op: z.enum(FIELD_OPS),
  value: z.union([Scalar, z.array(Scalar).min(1).max(100)]).optional(),
});

const metric = z.string().min(1).max(250);
const MetricPart = z.union([
  z.strictObject({ metric, op: z.enum(ORDER_OPS), value: z.number() }),
  z.strictObject({
    metric,
    change: z.strictObject({
      by: z.number().positive(),
      window: z.int().min(1).max(30).default(5),
      direction: z.enum(['any', 'up', 'down']).default('any'),
    }),
  }),
  z.strictObject({ metric, zscore: z.number().positive() }),
]);

/** A comparison of one field: of the payload (`data.rows`) or of what is known of its subject now (`subject.state`). */
export type FieldTest = z.infer<typeof FieldPart>;
/** A question to a metric of `run.metrics_logged`: its value, its change against the mean of the values before, or its z-score. */
export type MetricTest = z.infer<typeof MetricPart>;
export type Condition =
  | { readonly and: readonly Condition[] }
  | { readonly or: readonly Condition[] }
  | { readonly not: Condition }
  | FieldTest
  | MetricTest;

/**
 * A condition as JSON: `{and: […]}`, `{or: […]}`, `{not: …}`, `{field, op, value}` or a test of a metric. There are no regular expressions and no
 * code in it, and its size is bounded, so that testing it costs little whoever wrote it. Throws BAD_INPUT naming the part that is wrong.
 */
export function parseCondition(input: unknown, path: string): Condition {
  const seen = { parts: 0 };
  return parsePart(input, path, 1, seen);
}

function parsePart(input: unknown, path: string, depth: number, seen: { parts: number }): Condition {
  if (depth > MAX_DEPTH) throw bad(path, `a condition is at most ${MAX_DEPTH} levels deep`);
  if (++seen.parts > MAX_PARTS) throw bad(path, `a condition has at most ${MAX_PARTS} parts`);
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    throw bad(path, 'a condition is an object: {and}, {or}, {not}, {field, op, value} or {metric, …}');
  for (const key of ['and', 'or'] as const)
    if (key in input) return { [key]: parts(input, key, path, depth, seen) } as unknown as Condition;
  if ('not' in input) {
    onlyKey(input, 'not', path);
    return { not: parsePart(input.not, `${path}.not`, depth + 1, seen) };
  }
  return 'metric' in input ? checked(MetricPart, input, path) : fieldTest(checked(FieldPart, input, path), path);
}

function parts(input: object, key: 'and' | 'or', path: string, depth: number, seen: { parts: number }): Condition[] {
  onlyKey(input, key, path);
  const list = (input as Record<string, unknown>)[key];
  if (!Array.isArray(list) || list.length === 0) throw bad(`${path}.${key}`, `${key} takes a list of conditions, at least one`);
  return list.map((part, index) => parsePart(part, `${path}.${key}.${index}`, depth + 1, seen));
}

function onlyKey(input: object, key: string, path: string): void {
  const other = Object.keys(input).find((name) => name !== key);
  if (other) throw bad(`${path}.${other}`, `${other} does not stand beside ${key}; put both into an {and: […]}`);
}

/** Each operator with the kind of value that it takes. */
function fieldTest(test: FieldTest, path: string): FieldTest {
  const { op, value } = test;
  const problem =
    op === 'in' && !Array.isArray(value)
      ? 'a list of values'
      : op === 'exists' && value !== undefined && typeof value !== 'boolean'
        ? 'true, false or no value'
        : (ORDER_OPS as readonly string[]).includes(op) && typeof value !== 'number'
          ? 'a number'
          : op === 'starts_with' && typeof value !== 'string'
            ? 'a text'
            : !['in', 'exists'].includes(op) && (value === undefined || Array.isArray(value))
              ? 'one value'
              : undefined;
  if (problem) throw bad(`${path}.value`, `${op} takes ${problem}`);
  return test;
}

function checked<T>(schema: z.ZodType<T>, input: object, path: string): T {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issue = deepest(result.error.issues[0]!);
  throw bad([path, ...issue.path].join('.'), issue.message);
}

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly errors?: readonly (readonly Issue[])[];
}

/** Of a union's failures, the one that came furthest: the form that was meant. */
function deepest(issue: Issue): Issue {
  const nested = (issue.errors ?? []).flatMap((list) => list.map(deepest));
  return nested.reduce((best, next) => (next.path.length > best.path.length ? next : best), issue);
}

function bad(path: string, message: string): DomainError {
  return new DomainError('BAD_INPUT', `${path}: ${message}`, path);
}

export function isMetricTest(part: Condition): part is MetricTest {
  return 'metric' in part;
}

/** Every comparison in a condition. */
export function testsOf(condition: Condition | undefined): (FieldTest | MetricTest)[] {
  if (!condition) return [];
  if ('and' in condition) return condition.and.flatMap(testsOf);
  if ('or' in condition) return condition.or.flatMap(testsOf);
  if ('not' in condition) return testsOf(condition.not);
  return [condition];
}

/** Facts of the subject that a condition asks for, without `subject.`. */
export function factsAsked(condition: Condition | undefined): string[] {
  const fields = testsOf(condition).flatMap((test) => ('field' in test ? [test.field] : []));
  return [...new Set(fields.filter((field) => field.startsWith('subject.')).map((field) => field.slice('subject.'.length)))];
}
