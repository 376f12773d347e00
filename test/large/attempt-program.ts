import { createHash } from 'node:crypto';
import type { Claim, Finish } from '#contracts';

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** An attempt at a training job that does what a test says, by the attempt protocol, and nothing else. */
export class AttemptProgram {
  constructor(
    private readonly apiUrl: string,
    private readonly token: string,
  ) {}

  async claim(): Promise<Claim> {
    const { status, body } = await this.post('claim', {});
    if (status !== 200) throw new Error(`claim: HTTP ${status}`);
    return body as Claim;
  }

  heartbeat(epoch?: number): Promise<Answer> {
    return this.post('heartbeat', epoch === undefined ? {} : { epoch });
  }

  metrics(step: number, value: number): Promise<Answer> {
    return this.post('metrics', { points: [{ key: 'loss', value, step, timestamp: Date.now() }] });
  }

  checkpoint(sha256: string, epoch: number): Promise<Answer> {
    return this.post('checkpoint', { sha256, epoch });
  }

  finish(finish: Finish): Promise<Answer> {
    return this.post('finish', finish);
  }

  async upload(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const answer = await this.send('PUT', `blobs/${sha256}`, bytes, 'application/octet-stream');
    if (answer.status >= 300) throw new Error(`upload: HTTP ${answer.status}`);
    return sha256;
  }

  private post(path: string, body: unknown): Promise<Answer> {
    return this.send('POST', path, JSON.stringify(body), 'application/json');
  }

  private async send(method: string, path: string, body: string | Uint8Array<ArrayBuffer>, type: string): Promise<Answer> {
    const headers = { authorization: `Bearer ${this.token}`, 'content-type': type };
    const response = await fetch(`${this.apiUrl}/attempt/v1/${path}`, { method, body, headers });
    const text = await response.text();
    return { status: response.status, body: text ? JSON.parse(text) : undefined };
  }
}
