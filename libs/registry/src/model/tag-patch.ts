/** Tags to set, and those to remove (null). */
export type TagPatch = Readonly<Record<string, string | null>>;

export function splitTags(tags: TagPatch): { readonly set: Record<string, string>; readonly remove: string[] } {
  const entries = Object.entries(tags);
  return {
    set: Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== null)),
    remove: entries.filter(([, value]) => value === null).map(([key]) => key),
  };
}
