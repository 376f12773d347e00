import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { EXIT, Failure } from './exit-codes.js';

/** A JSON object from a file, or from stdin for `-`. Throws Failure. */
export async function jsonObjectFrom(file: string): Promise<Record<string, unknown>> {
  const where = file === '-' ? 'stdin' : file;
  const content = await (file === '-' ? text(process.stdin) : readFile(file, 'utf8')).catch((error: unknown) => {
    throw new Failure(`${where}: ${(error as Error).message}`, EXIT.usage);
  });
  return jsonObject(content, where);
}

/** A JSON object from a text; `where` says where it stands. Throws Failure. */
export function jsonObject(content: string, where: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(content);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as Record<string, unknown>;
  } catch (error) {
    throw new Failure(`${where}: ${(error as Error).message}`, EXIT.usage);
  }
  throw new Failure(`${where} does not hold a JSON object`, EXIT.usage);
}

/** Throws Failure for a part that an object lacks; `form` is what it looks like. */
export function checkParts(object: Record<string, unknown>, parts: readonly string[], file: string, form: string): void {
  const missing = parts.find((part) => object[part] === undefined);
  if (missing) throw new Failure(`${file === '-' ? 'stdin' : file} has no ${missing}; it holds ${form}, see --help`, EXIT.usage);
}

export const fromFlag = { description: 'File, or - for stdin.', default: '-' };
