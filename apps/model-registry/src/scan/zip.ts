import yauzl from 'yauzl';
import { errorMessage } from '#kernel';
import { Entries, type Finding } from './entry-paths.js';

const UNIX_TYPE = 0o170000;
const LINK = 0o120000;
const DEVICES = new Set([0o020000, 0o060000, 0o010000, 0o140000]);
/** Largest entry that is read to be looked at. */
const MAX_READ = 64 * 1024 ** 2;

export interface ZipContents {
  readonly names: readonly string[];
  readonly findings: readonly Finding[];
  /** Contents of the entries that were asked for, as far as they are small enough. */
  readonly read: ReadonlyMap<string, Buffer>;
}

/** Looks at the directory of a ZIP file, and reads the entries that `wanted` picks. Nothing is written; the first hostile entry ends the look. */
export async function inspectZip(path: string, size: number, wanted: (name: string) => boolean): Promise<ZipContents> {
  const names: string[] = [];
  const findings: Finding[] = [];
  const read = new Map<string, Buffer>();
  const entries = new Entries(size);
  try {
    // The library's own refusal of names says less; ours comes first.
    const zip = await yauzl.openPromise(path, { decodeStrings: true, validateEntrySizes: true, strictFileNames: false });
    try {
      for await (const entry of zip.eachEntry()) {
        const problem = entries.add(entry.fileName, entry.uncompressedSize, kindOf(entry));
        if (problem) {
          findings.push(problem);
          break;
        }
        names.push(entry.fileName);
        if (wanted(entry.fileName) && entry.uncompressedSize <= MAX_READ) read.set(entry.fileName, await contentOf(zip, entry));
      }
    } finally {
      zip.close();
    }
  } catch (error) {
    findings.push(ofLibrary(errorMessage(error)));
  }
  return { names, findings, read };
}

function kindOf(entry: yauzl.Entry): 'file' | 'folder' | 'link' | 'device' {
  const type = (entry.externalFileAttributes >>> 16) & UNIX_TYPE;
  if (type === LINK) return 'link';
  if (DEVICES.has(type)) return 'device';
  return entry.fileName.endsWith('/') ? 'folder' : 'file';
}

async function contentOf(zip: yauzl.ZipFile, entry: yauzl.Entry): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of (await zip.openReadStreamPromise(entry)) as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function ofLibrary(message: string): Finding {
  const code = /absolute path|invalid relative path|invalid characters in fileName/.test(message)
    ? 'ARCHIVE_PATH'
    : 'ARCHIVE_BROKEN';
  return { code, message: `it cannot be read as a ZIP file: ${message.slice(0, 120)}` };
}
