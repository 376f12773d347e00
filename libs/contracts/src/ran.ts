import { z } from 'zod';

/** What a training ran on beside its engine, by name: `node`, `platform`, `cpu`. A program of another kind names what it has. */
export const EnvironmentSchema = z
  .record(z.string().min(1).max(50), z.string().max(500))
  .refine((environment) => Object.keys(environment).length <= 32, 'an environment has at most 32 parts');
export type Environment = z.infer<typeof EnvironmentSchema>;

/** What trained: the code (package and version), the engine, its back end, and what they ran on. */
export const RanSchema = z.strictObject({
  code: z.string(),
  engine: z.string(),
  backend: z.string(),
  environment: EnvironmentSchema,
});
export type Ran = z.infer<typeof RanSchema>;

export type DifferingPart = 'DATA' | 'SPEC' | 'SEED' | 'CODE' | 'ENGINE' | 'BACKEND' | 'ENVIRONMENT';

/** Something that two trainings have otherwise; null where it is not recorded, or not there. */
export interface RunDifference {
  readonly part: DifferingPart;
  readonly key: string;
  readonly original: string | null;
  readonly reproduced: string | null;
}

/** What was otherwise when a training ran again. What is not recorded of either is a difference too: nobody can say that it is the same. */
export function ranDifferences(original: Partial<Ran> | null, reproduced: Partial<Ran> | null): RunDifference[] {
  const parts = [
    ['CODE', 'code', original?.code, reproduced?.code],
    ['ENGINE', 'engine', original?.engine, reproduced?.engine],
    ['BACKEND', 'backend', original?.backend, reproduced?.backend],
  ] as const;
  const names = new Set([...Object.keys(original?.environment ?? {}), ...Object.keys(reproduced?.environment ?? {})]);
  const environment = [...names]
    .sort()
    .map((name) => ['ENVIRONMENT', name, original?.environment?.[name], reproduced?.environment?.[name]] as const);
  return [...parts, ...environment]
    .filter(([, , before, after]) => before === undefined || before !== after)
    .map(([part, key, before = null, after = null]) => ({ part, key, original: before, reproduced: after }));
}
