import type { TagChangeInput } from './registry.types.js';

/** Tags to set and, as null, to remove. */
export function tagPatch(tags: readonly TagChangeInput[] | null | undefined): Record<string, string | null> | undefined {
  return tags ? Object.fromEntries(tags.map(({ key, value }) => [key, value ?? null])) : undefined;
}
