import type { ProblemCode } from './problems.js';

/** Most entries of an archive that are looked at; more are a bomb. */
export const MAX_ENTRIES = 100_000;
/** What an archive may hold, unpacked. */
export const MAX_UNPACKED = 64 * 1024 ** 3;
/** How much larger it may become, once it is larger than BOMB_FLOOR. */
const MAX_RATIO = 200;
const BOMB_FLOOR = 100 * 1024 ** 2;

export type Finding = { readonly code: ProblemCode; readonly message: string };

/** Collects what is wrong with the entries of one archive; stops at the limits. */
export class Entries {
  private readonly names = new Set<string>();
  private unpacked = 0;

  constructor(private readonly packedSize: number) {}

  /** What is wrong with an entry; undefined when nothing is. */
  add(name: string, size: number, kind: 'file' | 'folder' | 'link' | 'device'): Finding | undefined {
    const where = name.slice(0, 80);
    if (kind === 'link') return { code: 'ARCHIVE_LINK', message: `the entry ${where} is a link` };
    if (kind === 'device') return { code: 'ARCHIVE_LINK', message: `the entry ${where} is a device` };
    if (escapes(name)) return { code: 'ARCHIVE_PATH', message: `the entry ${where} would be written outside its folder` };
    const known = this.names.has(name);
    this.names.add(name);
    if (known && kind === 'file') return { code: 'ARCHIVE_PATH', message: `two entries are named ${where}` };
    if (this.names.size > MAX_ENTRIES) return { code: 'ARCHIVE_BOMB', message: `it has more than ${MAX_ENTRIES} entries` };
    return this.grow(size);
  }

  grow(bytes: number): Finding | undefined {
    this.unpacked += bytes;
    if (this.unpacked > MAX_UNPACKED) return { code: 'ARCHIVE_BOMB', message: `unpacked it has more than ${MAX_UNPACKED} bytes` };
    if (this.unpacked > BOMB_FLOOR && this.unpacked > this.packedSize * MAX_RATIO)
      return { code: 'ARCHIVE_BOMB', message: `unpacked it is more than ${MAX_RATIO} times as large` };
    return undefined;
  }
}

/** Whether a name, as an archive holds it, leads out of the folder that it is unpacked into. */
export function escapes(name: string): boolean {
  const path = name.replaceAll('\\', '/');
  if (path === '' || path.includes('\u0000') || path.startsWith('/') || /^[A-Za-z]:/.test(path)) return true;
  return path.split('/').includes('..');
}
