import type { AttemptLine, Claim, Finish, MetricPoint, Table } from '#contracts';
import { readTable, train, type TrainIo, type TrainResult } from '#engine-tfjs';
import { DomainError, isDomainError } from '#kernel';
import { AttemptClient, type AttemptAccess } from './attempt-client.js';
import { Heartbeat } from './heartbeat.js';
import { SendBuffer } from './send-buffer.js';
import { checkStrict, failed, pointsOf, succeeded, tagsOf } from './training-report.js';

/** Exit codes: an outcome was reported; any other end; the platform no longer takes this attempt for the job's; told to stop by a signal. */
export const EXIT = { finished: 0, broken: 1, fenced: 3, terminated: 143 } as const;
/** A process that is told to stop is killed soon after: what it still has to say must be said by then. */
const LAST_WORDS_MS = 5000;

/** Why a training was stopped from outside. */
type Stop = 'canceled' | 'fenced' | 'terminated';

/**
 * One attempt at a training job, from claim to finish, over HTTP alone. Answers the exit code of its process. `terminate`: stop now, keep
 * the last checkpoint, report no outcome, so that the platform starts another attempt.
 */
export function runAttempt(
  access: AttemptAccess,
  terminate: AbortSignal,
  log: (line: string) => void = () => {},
): Promise<number> {
  return new Attempt(access, terminate, log).run();
}

class Attempt {
  private readonly stop = new AbortController();
  /** Ends the calls themselves; a canceled training still reports. */
  private readonly hangUp = new AbortController();
  private readonly client: AttemptClient;
  private readonly metrics: SendBuffer<MetricPoint>;
  private readonly lines: SendBuffer<AttemptLine>;
  private printed = 0;
  private readonly heartbeat: Heartbeat;
  private stopped: Stop | undefined;
  private epoch: number | undefined;
  private line: string | undefined;
  /** A checkpoint that was made and has not arrived yet. */
  private pending: { readonly bytes: Uint8Array; readonly epoch: number } | undefined;

  constructor(
    private readonly access: AttemptAccess,
    private readonly terminate: AbortSignal,
    private readonly print: (line: string) => void,
  ) {
    this.client = new AttemptClient(access, this.hangUp.signal);
    // The protocol takes 10,000 points and 1,000 lines a call.
    this.metrics = new SendBuffer(5000, (points) => this.client.metrics(points));
    this.lines = new SendBuffer(1000, (lines) => this.client.lines(lines));
    this.heartbeat = new Heartbeat(
      (beat) => this.client.heartbeat(beat),
      () => ({ ...(this.epoch === undefined ? {} : { epoch: this.epoch }), ...(this.line ? { line: this.line } : {}) }),
      { cancel: () => this.end('canceled'), fenced: () => this.end('fenced') },
    );
  }

  async run(): Promise<number> {
    const onTerminate = () => this.end('terminated');
    this.terminate.addEventListener('abort', onTerminate);
    if (this.terminate.aborted) onTerminate();
    try {
      return await this.attempt();
    } catch (error) {
      return await this.giveUp(error);
    } finally {
      this.terminate.removeEventListener('abort', onTerminate);
      this.metrics.close();
      this.lines.close();
      await this.heartbeat.stop();
    }
  }

  private async attempt(): Promise<number> {
    const claim = await this.client.claim();
    this.log(`attempt ${claim.attempt} of job ${claim.jobId}`);
    this.heartbeat.start(claim.heartbeatMs);
    const finish = await this.outcome(claim);
    this.log(finish.outcome === 'failed' ? `failed: ${finish.code}: ${finish.reason}` : finish.outcome);
    await this.heartbeat.stop();
    await this.lines.flush().catch(rethrowFence);
    await this.client.finish(finish).catch((error: unknown) => this.reportRefusal(finish, error));
    return EXIT.finished;
  }

  /** A finish that the platform refuses is a defect of one of the two; left alone, the job would be tried again for nothing. */
  private async reportRefusal(finish: Finish, error: unknown): Promise<void> {
    if (finish.outcome === 'failed' || !isDomainError(error) || error.code !== 'BAD_REQUEST') throw error;
    await this.client.finish(failed(error));
  }

  /** The outcome to report; throws when there is none to report, because the attempt was fenced or terminated or is cut off. */
  private async outcome(claim: Claim): Promise<Finish> {
    try {
      const result = await this.trainFrom(claim);
      await this.metrics.flush();
      return await this.uploadModel(result);
    } catch (error) {
      if (this.stopped === 'canceled' && isDomainError(error) && error.code === 'ABORTED') {
        await this.metrics.flush();
        return { outcome: 'canceled' };
      }
      if (this.stopped || endsWithoutReport(error)) throw error;
      // The curve up to the failure says more about it than the reason; but it must not stand in its way.
      await this.metrics.flush().catch(rethrowFence);
      return failed(error);
    }
  }

  private async trainFrom(claim: Claim): Promise<TrainResult> {
    const table = await readTable(await this.client.download(claim.table.sha256));
    const resume = claim.checkpoint ? await this.client.download(claim.checkpoint.sha256).catch(missingBlob) : undefined;
    try {
      if (claim.checkpoint && !resume) throw new DomainError('BAD_CHECKPOINT', 'the checkpoint cannot be fetched');
      return await this.train(claim, table, resume);
    } catch (error) {
      if (!isDomainError(error) || error.code !== 'BAD_CHECKPOINT') throw error;
      this.log(error.message);
      return await this.train(claim, table, undefined, { 'tailrace.checkpoint_ignored': error.message });
    }
  }

  private train(
    { spec, backend, reproduces }: Claim,
    table: Table,
    resume?: Uint8Array,
    tags: Record<string, string> = {},
  ): Promise<TrainResult> {
    const io: TrainIo = {
      onStart: async (start) => {
        await this.client.describe({}, { ...tagsOf(start), ...tags });
        checkStrict(reproduces, start.backend);
      },
      onEpoch: async (result) => {
        this.epoch = result.epoch;
        await this.metrics.add(pointsOf(result, Date.now()));
        // The trainer yields inside long epochs alone; a hundred short ones in a row would hold up the heartbeat.
        await new Promise(setImmediate);
      },
      onCheckpoint: (bytes, epoch) => this.keep(bytes, epoch),
      log: (line) => {
        this.line = line.slice(0, 4000);
        this.log(line);
      },
    };
    const request = { spec, table, backend, firstTried: reproduces?.ran.backend, ...(resume ? { resume } : {}) };
    return train(request, io, this.stop.signal);
  }

  /** The points come first: what a resumed attempt goes on from must have its curve up to there. */
  private async keep(bytes: Uint8Array, epoch: number): Promise<void> {
    this.pending = { bytes, epoch };
    await this.metrics.flush();
    await this.client.checkpoint(await this.client.upload(bytes), epoch);
    this.pending = undefined;
  }

  private async uploadModel(result: TrainResult): Promise<Finish> {
    const blobs: Record<string, string> = {};
    for (const [file, bytes] of Object.entries(result.files)) blobs[file] = await this.client.upload(bytes);
    if (this.stopped === 'canceled') return { outcome: 'canceled' };
    return succeeded(result, blobs);
  }

  /** To the process's own output and, as far as it gets through, to the run's log: a training does not fail for what it wants to say. */
  private log(line: string): void {
    this.print(line);
    const text = line.slice(0, 8000);
    this.lines.add([{ n: this.printed++, text, stream: 'stdout', at: Date.now() }]).catch(() => {});
  }

  private end(why: Stop): void {
    // Fencing overrides a cancel under way: from then on nothing may be reported.
    if (this.stopped && why === 'canceled') return;
    this.stopped = why;
    this.stop.abort();
    if (why !== 'canceled') this.hangUp.abort();
  }

  private async giveUp(error: unknown): Promise<number> {
    if (this.stopped === 'terminated') await this.saveLastCheckpoint();
    if (this.stopped === 'terminated') return EXIT.terminated;
    this.log(error instanceof Error ? error.message : String(error));
    return this.stopped === 'fenced' || isFence(error) ? EXIT.fenced : EXIT.broken;
  }

  /** The points before it go along: an attempt that goes on from there will not compute them again. */
  private async saveLastCheckpoint(): Promise<void> {
    if (!this.pending) return;
    const { bytes, epoch } = this.pending;
    const client = new AttemptClient(this.access, AbortSignal.timeout(LAST_WORDS_MS), { totalMs: LAST_WORDS_MS });
    try {
      await this.metrics.rescue((points) => client.metrics(points));
      await client.checkpoint(await client.upload(bytes), epoch);
    } catch {
      this.log('the last checkpoint did not get through');
    }
  }
}

function isFence(error: unknown): boolean {
  return isDomainError(error) && error.code === 'STALE_ATTEMPT';
}

function endsWithoutReport(error: unknown): boolean {
  return isFence(error) || (isDomainError(error) && error.code === 'CLOSED');
}

function rethrowFence(error: unknown): void {
  if (isFence(error)) throw error;
}

/** A checkpoint that was collected or damaged is worth a training from the start, not a failure. */
function missingBlob(error: unknown): undefined {
  if (isDomainError(error) && (error.code === 'BAD_REQUEST' || error.code === 'BLOB_MISMATCH')) return undefined;
  throw error;
}
