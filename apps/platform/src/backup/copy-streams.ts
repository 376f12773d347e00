import type { Connection, Submittable } from 'pg';
import { Readable, Writable } from 'node:stream';

interface CopyConnection extends Connection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(message: string): void;
}

/**
 * `COPY … TO STDOUT` as a stream. pg hands what the server answers to whatever was submitted, by these methods; pausing the socket keeps the
 * memory flat when the reader is slow.
 */
export class CopyOut extends Readable implements Submittable {
  private connection: Connection | undefined;
  private done = false;

  constructor(private readonly sql: string) {
    super();
  }

  submit(connection: Connection): void {
    this.connection = connection;
    connection.query(this.sql);
  }

  handleCopyData(message: { chunk: Buffer }): void {
    // A copy: pg's parser uses its buffer again for what comes next.
    if (!this.push(Buffer.from(message.chunk))) this.connection?.stream.pause();
  }

  handleCommandComplete(): void {
    this.done = true;
  }

  handleReadyForQuery(): void {
    if (this.done) this.push(null);
  }

  handleError(error: Error): void {
    this.destroy(error);
  }

  override _read(): void {
    this.connection?.stream.resume();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    // The client must go on reading, whoever stopped listening here.
    this.connection?.stream.resume();
    done(error);
  }
}

/** `COPY … FROM STDIN` as a stream; it finishes when the server has taken every row. */
export class CopyIn extends Writable implements Submittable {
  private connection: CopyConnection | undefined;
  private ready: (() => void) | undefined;
  private finished: ((error?: Error) => void) | undefined;

  constructor(private readonly sql: string) {
    super();
  }

  submit(connection: Connection): void {
    this.connection = connection as CopyConnection;
    connection.query(this.sql);
  }

  handleCopyInResponse(): void {
    this.ready?.();
    this.ready = undefined;
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.finished?.();
  }

  handleError(error: Error): void {
    this.destroy(error);
  }

  override _construct(done: (error?: Error) => void): void {
    this.ready = done;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const { stream } = this.connection!;
    this.connection!.sendCopyFromChunk(chunk);
    if (stream.writableNeedDrain) stream.once('drain', done);
    else done();
  }

  override _final(done: (error?: Error) => void): void {
    this.finished = done;
    this.connection!.endCopyFrom();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (this.connection && !this.finished) this.connection.sendCopyFail('the copy was given up');
    done(error);
  }
}
