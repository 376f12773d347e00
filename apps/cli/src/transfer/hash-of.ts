import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** SHA-256 of a file, or of its first `size` bytes, in hex. */
export async function hashOf(path: string, size?: number): Promise<string> {
  const hash = createHash('sha256');
  if (size === 0) return hash.digest('hex');
  for await (const part of createReadStream(path, size === undefined ? {} : { end: size - 1 })) hash.update(part as Buffer);
  return hash.digest('hex');
}
