import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { createWhole, readIfThere } from './files.js';

/**
 * The password of the superuser `postgres`: made once (32 random bytes) and kept in `path`, which only its owner may read. Throws when it is
 * lost although there are `data`, because a new one would not open them.
 */
export async function superuserPassword(path: string, data: string): Promise<string> {
  const hasData = await stat(data).then(
    () => true,
    () => false,
  );
  if (!hasData) await createWhole(path, `${randomBytes(32).toString('base64url')}\n`);
  const password = (await readIfThere(path))?.trim();
  if (!password)
    throw new Error(`${path} holds no password, and ${data} was made with one: put it back (the line of the user postgres)`);
  return password;
}

export function superuserUrl(port: number, password: string): string {
  return `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`;
}
