import type { IncomingMessage } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { allows, type Ctx } from '#access';
import { cloudEvent } from '#automation';
import type { Config } from '#config';
import type { LoggedEvent } from '#contracts';
import { CONFIG } from '#host';
import { isDomainError } from '#kernel';
import { EventLog } from '#messaging';
import { RequestAuth } from '../http/request-ctx.js';
import { LiveLog } from './live-log.js';

/** How long a stream is silent at most; as often its caller's token is looked at again. */
const BEAT_MS = 10_000;
/** A reader that takes nothing for so long is dropped; it comes back with the last id that it has. */
const STALL_MS = 30_000;

/** The log as Server-Sent Events. Nothing is kept for a reader: what it does not take is not read. */
@Injectable()
export class EventStream {
  beatMs = BEAT_MS;
  stallMs = STALL_MS;

  constructor(
    private readonly live: LiveLog,
    private readonly log: EventLog,
    private readonly auth: RequestAuth,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Lines of a stream from `after` on, from now on when it is absent. Throws BAD_INPUT for a cursor that is no sequence and for an unknown type. */
  async open(
    { ctx, raw }: { readonly ctx: Ctx; readonly raw: IncomingMessage },
    after: string | undefined,
    types: readonly string[] | undefined,
  ): Promise<AsyncGenerator<string>> {
    const { start, told } = await this.startOf(after);
    const events = await this.live.follow(ctx, start, types?.length ? types : undefined);
    return this.lines(events, told, raw);
  }

  /** A cursor that is older than the log gets an event of its own, and then what there is. */
  private async startOf(after: string | undefined): Promise<{ start: string | undefined; told: string }> {
    try {
      if (after !== undefined) await this.log.checkCursor(after);
      return { start: after, told: '' };
    } catch (error) {
      if (!isDomainError(error) || error.code !== 'RESYNC') throw error;
      const start = (await this.log.bounds()).prunedThrough.toString();
      const data = JSON.stringify({ code: error.code, message: error.message, prunedThrough: start });
      return { start, told: `id: ${start}\nevent: RESYNC\ndata: ${data}\n\n` };
    }
  }

  private async *lines(events: AsyncGenerator<LoggedEvent>, told: string, raw: IncomingMessage): AsyncGenerator<string> {
    const stall = new Stall(this.stallMs, () => raw.socket.destroy());
    let next = events.next();
    let beat = after(this.beatMs);
    try {
      yield* stall.watch(`retry: 2000\n\n${told}`);
      for (;;) {
        const got = await Promise.race([beat.over, next]);
        if (got === undefined) {
          if (!(await this.mayGoOn(raw))) return;
          beat = after(this.beatMs);
          yield* stall.watch(': beat\n\n');
        } else {
          if (got.done) return;
          yield* stall.watch(this.frame(got.value));
          next = events.next();
        }
      }
    } finally {
      beat.cancel();
      next.catch(() => undefined);
      void events.return(undefined);
    }
  }

  private async mayGoOn(raw: IncomingMessage): Promise<boolean> {
    return this.auth.ctx(raw).then(
      (ctx) => allows(ctx, 'events.read'),
      () => false,
    );
  }

  private frame(event: LoggedEvent): string {
    const envelope = cloudEvent(event, this.config.http.publicUrl);
    return `id: ${event.sequence}\nevent: ${String(envelope['type'])}\ndata: ${JSON.stringify(envelope)}\n\n`;
  }
}

/** Tells when what was handed out is not taken for too long. */
class Stall {
  constructor(
    private readonly ms: number,
    private readonly drop: () => void,
  ) {}

  *watch(text: string): Generator<string> {
    const timer = setTimeout(this.drop, this.ms);
    try {
      yield text;
    } finally {
      clearTimeout(timer);
    }
  }
}

function after(ms: number): { readonly over: Promise<undefined>; cancel(): void } {
  let timer: NodeJS.Timeout;
  const over = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), ms)));
  return { over, cancel: () => clearTimeout(timer) };
}
