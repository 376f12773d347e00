import { assertNever } from '#kernel';
import { isMetricTest, type Condition, type FieldTest, type MetricTest } from './condition.js';
import type { Facts } from './facts.js';
import { compares, metricHolds } from './metric-rules.js';

/** What a condition is tested on. */
export interface ConditionView {
  readonly data: Readonly<Record<string, unknown>>;
  readonly facts: Facts;
  /** Values of a metric that came before, oldest first, and the one that came now; undefined when none did. */
  readonly metric?: (key: string) => { readonly now: number; readonly before: readonly number[] } | undefined;
}

/**
 * Whether a condition holds. What is not there equals nothing: every comparison with it is false, but `ne` and `exists: false`. Values are compared as
 * they are: 1 and "1" differ.
 */
export function holds(condition: Condition | undefined, view: ConditionView): boolean {
  if (!condition) return true;
  if ('and' in condition) return condition.and.every((part) => holds(part, view));
  if ('or' in condition) return condition.or.some((part) => holds(part, view));
  if ('not' in condition) return !holds(condition.not, view);
  return isMetricTest(condition) ? metricTestHolds(condition, view) : fieldHolds(condition, view);
}

function metricTestHolds(test: MetricTest, { metric }: ConditionView): boolean {
  const values = metric?.(test.metric);
  return values !== undefined && metricHolds(test, values.now, values.before);
}

function fieldHolds({ field, op, value }: FieldTest, view: ConditionView): boolean {
  const found = field.startsWith('data.')
    ? lookUp(view.data, field.slice('data.'.length).split('.'))
    : own(view.facts, field.slice('subject.'.length));
  switch (op) {
    case 'eq':
      return found === value;
    case 'ne':
      return found !== value;
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return typeof found === 'number' && compares(op, found, value as number);
    case 'in':
      return (value as readonly unknown[]).includes(found);
    case 'contains':
      return Array.isArray(found)
        ? found.includes(value)
        : typeof found === 'string' && typeof value === 'string' && found.includes(value);
    case 'starts_with':
      return typeof found === 'string' && found.startsWith(value as string);
    case 'exists':
      return (found !== undefined && found !== null) === (value ?? true);
    default:
      return assertNever(op);
  }
}

/** Own properties only. A key may hold dots itself, as names of metrics do, so that the longest that is there is taken. */
export function lookUp(from: unknown, path: readonly string[]): unknown {
  for (let length = path.length; length > 0; length--) {
    const found = own(from, path.slice(0, length).join('.'));
    if (found === undefined) continue;
    const inner = length === path.length ? found : lookUp(found, path.slice(length));
    if (inner !== undefined) return inner;
  }
  return undefined;
}

function own(from: unknown, key: string): unknown {
  return typeof from === 'object' && from !== null && !Array.isArray(from) && Object.hasOwn(from, key)
    ? (from as Record<string, unknown>)[key]
    : undefined;
}
