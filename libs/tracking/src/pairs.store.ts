import type { Tx } from '#database';

/** Tables of keys and values that hang on an owner, each with the owner's column. */
const OWNER = {
  experiment_tag: 'experiment_id',
  run_tag: 'run',
  logged_model_tag: 'model_id',
  logged_model_param: 'model_id',
} as const;

/** Step: sets keys of an owner; what is there already gets the new value. In the order of the keys, so that two writers cannot wait in a circle. */
export async function putPairs(
  tx: Tx,
  table: keyof typeof OWNER,
  owner: string | number,
  pairs: Readonly<Record<string, string>>,
): Promise<void> {
  const keys = Object.keys(pairs).sort();
  if (keys.length === 0) return;
  await tx.query(
    `insert into ${table} (${OWNER[table]}, key, value) select $1, k, v from unnest($2::text[], $3::text[]) as u(k, v)
     on conflict (${OWNER[table]}, key) do update set value = excluded.value`,
    [owner, keys, keys.map((key) => pairs[key])],
  );
}
