import { open } from 'node:fs/promises';

/** Where a reader of a growing file stands. */
export interface Mark {
  readonly offset: number;
  readonly lines: number;
}

export const START: Mark = { offset: 0, lines: 0 };

export interface Line {
  readonly text: string;
  /** Number of the line, from 0. */
  readonly n: number;
  /** Where the next one begins. */
  readonly next: Mark;
}

const PIECE = 256 * 1024;
/** A longer line is no line that anybody wrote on purpose. */
const MAX_LINE = 4 * 2 ** 20;

/**
 * Whole lines after a mark. A last line without its end is left for the next time, unless the file is `closed`. A file that is shorter than the mark
 * was written anew, and is read from its beginning; one that is not there has no lines.
 */
export async function* linesAfter(path: string, mark: Mark, closed: boolean): AsyncGenerator<Line> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!file) return;
  try {
    let { offset, lines: n } = (await file.stat()).size < mark.offset ? START : mark;
    let rest = Buffer.alloc(0);
    for (let at = offset; ;) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(PIECE), 0, PIECE, at);
      at += bytesRead;
      rest = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
      for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
        offset += end + 1;
        yield { text: textOf(rest.subarray(0, end)), n, next: { offset, lines: ++n } };
        rest = rest.subarray(end + 1);
      }
      if (rest.length > MAX_LINE) throw new Error(`${path}: line ${n + 1} has more than ${MAX_LINE} bytes`);
      if (bytesRead === 0) break;
    }
    if (closed && rest.length > 0) yield { text: textOf(rest), n, next: { offset: offset + rest.length, lines: n + 1 } };
  } finally {
    await file.close();
  }
}

const textOf = (bytes: Buffer): string => bytes.toString('utf8').replace(/\r$/, '');
