import { TrainingSpecSchema, type TrainingSpec } from '#contracts';
import { DomainError } from '#kernel';

/** A training spec with some of its parts otherwise; lists are replaced as a whole. Throws BAD_SPEC that names the part that does not fit. */
export function overriddenSpec(
  spec: TrainingSpec,
  overrides: Readonly<Record<string, unknown>> | null | undefined,
): TrainingSpec {
  if (overrides === undefined || overrides === null) return spec;
  if (typeof overrides !== 'object' || Array.isArray(overrides))
    throw new DomainError('BAD_SPEC', 'overrides: must be an object with parts of the spec', 'overrides');
  const result = TrainingSpecSchema.safeParse(merged(spec, overrides));
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const field = ['overrides', ...issue.path].map(String).join('.');
  throw new DomainError('BAD_SPEC', `${field}: ${issue.message}`, field);
}

function merged(base: unknown, over: unknown): unknown {
  if (!isRecord(base) || !isRecord(over)) return over;
  const changed = Object.entries(over).map(([key, value]) => [key, Object.hasOwn(base, key) ? merged(base[key], value) : value]);
  return { ...base, ...Object.fromEntries(changed) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
