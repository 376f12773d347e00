/** What stands under a key in each of several things, in their order; null where one has nothing there. */
export interface Compared<T> {
  readonly key: string;
  readonly values: (T | null)[];
  /** True when not all of them have the same. */
  readonly differs: boolean;
}

/** Puts the pairs of several things side by side, by key. */
export function compare<T>(things: readonly ReadonlyMap<string, T>[], same: (a: T, b: T) => boolean): Compared<T>[] {
  const keys = [...new Set(things.flatMap((thing) => [...thing.keys()]))].sort();
  return keys.map((key) => {
    const values = things.map((thing) => (thing.has(key) ? thing.get(key)! : null));
    const first = values[0] ?? null;
    const differs = values.some((value) => (value === null || first === null ? value !== first : !same(value, first)));
    return { key, values, differs };
  });
}
