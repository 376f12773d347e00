import { text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';

/** Stands for the reply where a route's answer is wanted and not sent: what it would stream is kept. */
export class CollectedReply {
  private stream?: Readable;

  header(): this {
    return this;
  }

  send(stream: Readable): this {
    this.stream = stream;
    return this;
  }

  async text(): Promise<string> {
    return this.stream ? text(this.stream) : '{}';
  }
}
