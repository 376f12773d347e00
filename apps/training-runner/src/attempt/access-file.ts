import { readFileSync, rmSync, statSync } from 'node:fs';
import { z } from 'zod';
import type { AttemptAccess } from './attempt-client.js';

const AccessSchema = z.strictObject({ apiUrl: z.url({ protocol: /^https?$/ }), token: z.string().min(1) });

/** Reads where the platform is and the attempt's token, and deletes the file: a secret stands neither in arguments nor in the environment. */
export function readAccess(path: string | undefined): AttemptAccess {
  if (!path) throw new Error('usage: attempt.main.js <file with {"apiUrl", "token"}>');
  const { mode } = statSync(path);
  const text = readFileSync(path, 'utf8');
  rmSync(path);
  if ((mode & 0o077) !== 0) throw new Error(`${path} could be read by others; it must have the mode 0600`);
  const parsed = AccessSchema.safeParse(safeJson(text));
  // The text itself stays out of the message: it holds the token.
  if (!parsed.success) throw new Error(`${path} does not hold {"apiUrl", "token"}`);
  return parsed.data;
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
