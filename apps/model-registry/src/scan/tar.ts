import { createReadStream } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import tar from 'tar-stream';
import { errorMessage } from '#kernel';
import { Entries, type Finding } from './entry-paths.js';

const KINDS: Readonly<Record<string, 'file' | 'folder' | 'link' | 'device'>> = {
  file: 'file',
  'contiguous-file': 'file',
  directory: 'folder',
  link: 'link',
  symlink: 'link',
  'character-device': 'device',
  'block-device': 'device',
  fifo: 'device',
};

class Found extends Error {
  constructor(readonly finding: Finding) {
    super(finding.message);
  }
}

/** What ended a look: a finding, or a file that is not what it says. */
const endedBy = (error: unknown, what: string): Finding =>
  error instanceof Found ? error.finding : { code: 'ARCHIVE_BROKEN', message: `${what}: ${errorMessage(error).slice(0, 120)}` };

/** Reads the entries of a TAR file, packed by gzip or not, at flat memory. Nothing is written; the first hostile entry ends the look. */
export async function inspectTar(path: string, size: number, gzip: boolean): Promise<{ names: string[]; findings: Finding[] }> {
  const entries = new Entries(size);
  const names: string[] = [];
  const extract = tar.extract();
  const stop = new AbortController();
  let hostile: Finding | undefined;
  extract.on('entry', (header, stream, next) => {
    // What ends the look ends this entry too, which nobody reads any more.
    stream.on('error', () => undefined);
    hostile = entries.add(header.name, 0, KINDS[header.type ?? 'file'] ?? 'device');
    if (hostile) return stop.abort();
    names.push(header.name);
    stream.on('end', next).resume();
  });
  try {
    const unpacked = gzip ? [createGunzip()] : [];
    await pipeline([createReadStream(path), ...unpacked, counted(entries), extract], { signal: stop.signal });
    return { names, findings: [] };
  } catch (error) {
    return { names, findings: [hostile ?? endedBy(error, 'it cannot be read as a TAR file')] };
  }
}

/** A gzip file that holds no archive: only how large it becomes matters. */
export async function inspectGzip(path: string, size: number): Promise<Finding[]> {
  const entries = new Entries(size);
  try {
    await pipeline(createReadStream(path), createGunzip(), counted(entries), async (source) => {
      for await (const _ of source) void _;
    });
    return [];
  } catch (error) {
    return [endedBy(error, 'it cannot be unpacked')];
  }
}

function counted(entries: Entries): Transform {
  return new Transform({
    transform(chunk: Buffer, _, done) {
      const problem = entries.grow(chunk.length);
      if (problem) done(new Found(problem));
      else done(null, chunk);
    },
  });
}
