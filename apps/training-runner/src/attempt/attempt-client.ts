import { ClaimSchema, HeartbeatAnswerSchema, type AttemptLine, type Claim, type Finish, type MetricPoint } from '#contracts';
import { DomainError, sha256, sleep } from '#kernel';
import { AttemptHttp, type Patience } from './attempt-http.js';

export interface AttemptAccess {
  readonly apiUrl: string;
  readonly token: string;
}

/** How long calls are repeated that must get through; heartbeats are not repeated, since the next one follows anyway. */
const PATIENT: Patience = { totalMs: 10 * 60_000, tryMs: 30_000 };
const ONCE: Patience = { totalMs: 0, tryMs: 10_000 };
/** One try with a blob; it may hold gigabytes. */
const BLOB_TRY_MS = 10 * 60_000;

/**
 * The platform as an attempt sees it. Every call may be repeated safely. Throws STALE_ATTEMPT when the attempt no longer holds its job,
 * BAD_REQUEST when the platform refuses a call as wrong, CLOSED when it cannot be reached for too long, ABORTED by `signal`.
 */
export class AttemptClient {
  private readonly http: AttemptHttp;
  private readonly patient: Patience;
  private readonly patientBlob: Patience;

  constructor(access: AttemptAccess, signal: AbortSignal, patience: Partial<Patience> = {}) {
    this.patient = { ...PATIENT, ...patience };
    this.patientBlob = { ...this.patient, tryMs: BLOB_TRY_MS };
    this.http = new AttemptHttp(`${access.apiUrl.replace(/\/+$/, '')}/attempt/v1`, access.token, signal);
  }

  async claim(): Promise<Claim> {
    return ClaimSchema.parse(await this.http.post('/claim', {}, this.patient));
  }

  async heartbeat(beat: { epoch?: number; line?: string }): Promise<{ cancel: boolean }> {
    return HeartbeatAnswerSchema.parse(await this.http.post('/heartbeat', beat, ONCE));
  }

  async metrics(points: readonly MetricPoint[]): Promise<void> {
    await this.http.post('/metrics', { points }, this.patient);
  }

  async lines(lines: readonly AttemptLine[]): Promise<void> {
    await this.http.post('/log', { lines }, this.patient);
  }

  async describe(params: Record<string, string>, tags: Record<string, string>): Promise<void> {
    await this.http.post('/describe', { params, tags }, this.patient);
  }

  async checkpoint(blob: string, epoch: number): Promise<void> {
    await this.http.post('/checkpoint', { sha256: blob, epoch }, this.patient);
  }

  async finish(finish: Finish): Promise<void> {
    await this.http.post('/finish', finish, this.patient);
  }

  /** Answers the name of the blob, its sha256. */
  async upload(bytes: Uint8Array): Promise<string> {
    const name = sha256(bytes);
    await this.http.put(`/blobs/${name}`, bytes, this.patientBlob);
    return name;
  }

  /** Fetches again when the bytes are not those that the name says: a broken transfer passes by itself. */
  async download(name: string): Promise<Uint8Array> {
    for (let tries = 0; tries < 3; tries++) {
      const bytes = await this.http.get(`/blobs/${name}`, this.patientBlob);
      if (sha256(bytes) === name) return bytes;
      await sleep(200 * (tries + 1));
    }
    throw new DomainError('BLOB_MISMATCH', `blob ${name} arrived damaged three times`);
  }
}
