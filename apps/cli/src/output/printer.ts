import { environment } from '#config';
import { mayColour, painter, type Paint } from './style.js';

interface Sink {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** Data go to stdout, as JSON or as text for people; words go to stderr. */
export class Printer {
  readonly paint: Paint;
  private pending = false;

  constructor(
    readonly json: boolean,
    private readonly out: Sink = process.stdout,
    private readonly err: Sink = process.stderr,
    env: NodeJS.ProcessEnv = environment(),
  ) {
    this.paint = painter(mayColour(out, env));
  }

  /** The result of a command. */
  data(value: unknown, text: () => string): void {
    this.settle();
    const shown = this.json ? JSON.stringify(value, null, 2) : text();
    if (shown) this.out.write(`${shown}\n`);
  }

  /** One of many results that come one after the other: NDJSON, or a line. */
  item(value: unknown, text: () => string): void {
    this.settle();
    this.out.write(`${this.json ? JSON.stringify(value) : text()}\n`);
  }

  /** Words for people. */
  say(text: string): void {
    this.settle();
    this.err.write(`${text}\n`);
  }

  /** How far it is: rewrites its line on a terminal, and is not shown elsewhere. */
  progress(text: string): void {
    if (!this.err.isTTY) return;
    this.err.write(`\r\u001b[K${text}`);
    this.pending = true;
  }

  private settle(): void {
    if (this.pending) this.err.write('\r\u001b[K');
    this.pending = false;
  }
}
