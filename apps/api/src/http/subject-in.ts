import { kindOfId } from '#kernel';

const MOST_VALUES = 50;
/** MLflow's clients name runs by their digits alone. */
const RUN_KEYS: ReadonlySet<string> = new Set(['run_id', 'run_uuid']);

/** The first thing that what a caller sent names by its id: inputs of GraphQL, parameters of a path, messages of MLflow. */
export function subjectIn(input: unknown): { kind: string; id: string } | undefined {
  const waiting: [key: string, value: unknown][] = [['', input]];
  for (let seen = 0; waiting.length > 0 && seen < MOST_VALUES; seen++) {
    const [key, value] = waiting.shift()!;
    if (typeof value === 'string') {
      const id = RUN_KEYS.has(key) && /^[0-9a-f]{32}$/.test(value) ? `run_${value}` : value;
      const kind = kindOfId(id);
      if (kind) return { kind: kind.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), id };
    } else if (value !== null && typeof value === 'object' && !Buffer.isBuffer(value))
      waiting.push(...Object.entries(value).slice(0, MOST_VALUES));
  }
  return undefined;
}
