import { readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeDurably } from './files.js';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** Names become SQL and paths: only what ours look like. */
const name = z.string().regex(/^[a-z][a-z0-9_]{0,62}$/);
const count = z.int().nonnegative();

const TableSchema = z.strictObject({ name, columns: z.array(name).min(1), rows: count, bytes: count, sha256 });

const ManifestSchema = z.strictObject({
  format: z.literal(1),
  version: z.string(),
  createdAt: z.iso.datetime(),
  postgres: z.string(),
  migrations: z.array(z.strictObject({ name: z.string().regex(/^\d{3}_[a-z0-9_-]+\.sql$/i), checksum: sha256 })).min(1),
  tables: z.array(TableSchema),
  /** Next values of identity columns, as text: they may be larger than what JSON numbers hold. */
  identities: z.array(z.strictObject({ table: name, column: name, last: z.string().regex(/^\d{1,19}$/) })),
  blobs: z.strictObject({ count, bytes: count }),
});
export type Manifest = z.infer<typeof ManifestSchema>;
export type TableEntry = z.infer<typeof TableSchema>;

/** Written last: a folder without it is no backup. */
const MANIFEST = 'manifest.json';

/** Throws when there is none, or it is not ours. */
export async function readManifest(dir: string): Promise<Manifest> {
  const text = await readFile(join(dir, MANIFEST), 'utf8').catch(() => undefined);
  if (text === undefined) throw new Error(`${dir} holds no ${MANIFEST}: it is no backup, or one that was not finished`);
  try {
    return ManifestSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new Error(`${join(dir, MANIFEST)} is damaged, or of another version of Tailrace: ${firstProblem(error)}`, {
      cause: error,
    });
  }
}

/** Whole or not at all. */
export async function writeManifest(dir: string, manifest: Manifest): Promise<void> {
  const unfinished = join(dir, `${MANIFEST}.new`);
  await writeDurably(unfinished, `${JSON.stringify(manifest, null, 2)}\n`);
  await rename(unfinished, join(dir, MANIFEST));
}

export async function removeManifest(dir: string): Promise<void> {
  await rm(join(dir, MANIFEST), { force: true });
}

function firstProblem(error: unknown): string {
  const issue = error instanceof z.ZodError ? error.issues[0] : undefined;
  return issue ? `${issue.path.join('.')}: ${issue.message}` : (error as Error).message;
}
