// Small helps for scenarios.

export const json = (body) => JSON.parse(body.toString('utf8'));

/** Bodies written out before the clock starts; those beyond `count` are made when they are asked for. */
export function prepared(count, make) {
  const bodies = Array.from({ length: count }, (_, i) => make(i));
  return (i) => bodies[i] ?? make(i);
}

export async function sumOf(items, of) {
  let sum = 0;
  for (const item of items) sum += await of(item);
  return sum;
}
