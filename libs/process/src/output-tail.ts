import type { Readable } from 'node:stream';

const KEPT_CHARS = 16 * 1024;
const REPORTED_LINES = 12;
const REPORTED_CHARS = 2000;

/** The end of what a child printed: it must be read or the child blocks, and must not fill the parent's memory. */
export class OutputTail {
  private text = '';

  constructor(stream: Readable | null) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      this.text = (this.text + chunk).slice(-KEPT_CHARS);
    });
  }

  includes(part: string): boolean {
    return this.text.includes(part);
  }

  /** Without stack frames, which would push the message itself out of so few lines. */
  lastLines(): string {
    const lines = this.text.split('\n').filter((line) => line.trim() !== '' && !/^\s+at /.test(line));
    return lines.slice(-REPORTED_LINES).join('\n').slice(-REPORTED_CHARS);
  }
}
