// Plain HTTP with keep-alive, and the loop that measures: wall time, latencies, CPU of server and PostgreSQL, and our own.
import http from 'node:http';
import { quantile } from '../report.mjs';
import { cpuOf } from './cpu.mjs';

/** Answers that are kept until the clock stands still, in bytes. */
const KEPT_BYTES = 400e6;

/** An answer that says that there is no such call, rather than that the call failed. */
export class NotServed extends Error {}

export class Client {
  sent = 0;
  received = 0;

  constructor({ url, token }, connections) {
    this.base = new URL(url);
    this.headers = token ? { authorization: `Bearer ${token}` } : {};
    this.agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  }

  /** Resolves to status and body. `body` is text, a Buffer, or an array of Buffers; `onData` takes the body instead of its being kept. */
  call(method, path, body, { type = 'application/json', onData } = {}) {
    const parts = body === undefined ? [] : [body].flat();
    const length = parts.reduce((sum, part) => sum + Buffer.byteLength(part), 0);
    const headers = { ...this.headers, ...(parts.length ? { 'content-type': type, 'content-length': length } : {}) };
    this.sent += length;
    return new Promise((resolve, reject) => {
      const { hostname, port } = this.base;
      const request = http.request({ hostname, port, method, path, headers, agent: this.agent }, (response) => {
        const chunks = [];
        response.on('data', (chunk) => {
          this.received += chunk.length;
          if (onData && response.statusCode === 200) onData(chunk);
          else chunks.push(chunk);
        });
        response.on('end', () => resolve({ status: response.statusCode, body: Buffer.concat(chunks) }));
        response.on('error', reject);
      });
      request.on('error', reject);
      for (const part of parts.slice(0, -1)) request.write(part);
      request.end(parts.at(-1)); // head and a single part leave as one
    });
  }

  /** As `call`, but anything else than success is thrown. */
  async ok(method, path, body, options) {
    const answer = await this.call(method, path, body, options);
    if (answer.status >= 200 && answer.status < 300) return answer.body;
    const text = answer.body.toString('utf8').slice(0, 300);
    const absent =
      [404, 405, 500, 501].includes(answer.status) && (/ENDPOINT_NOT_FOUND|NOT_IMPLEMENTED/.test(text) || text === '');
    throw new (absent ? NotServed : Error)(`${method} ${path.slice(0, 120)}: ${answer.status} ${text}`);
  }

  async json(method, path, body) {
    return JSON.parse((await this.ok(method, path, typeof body === 'object' ? JSON.stringify(body) : body)).toString('utf8'));
  }

  close() {
    this.agent.destroy();
  }
}

/** Equal answers are checked once: answers of a read differ only when something is wrong, or when the call had no fixed answer. */
class Answers {
  good;
  alike = 0;
  kept = [];
  bytes = 0;
  wrong = 0;
  firstWrong;

  constructor(check) {
    this.check = check;
  }

  take(answer, i) {
    if (!this.check) return;
    if (Buffer.isBuffer(answer) && this.good?.equals(answer)) return void (this.alike += 1);
    if (this.bytes > KEPT_BYTES) return this.judge(answer, i);
    this.kept.push([answer, i]);
    this.bytes += answer?.length ?? 0;
    if (this.kept.length === 1 && Buffer.isBuffer(answer)) this.good ??= answer;
  }

  judge(answer, i) {
    let why;
    try {
      why = this.check(Buffer.isBuffer(answer) ? JSON.parse(answer.toString('utf8')) : answer, i);
    } catch (error) {
      why = `not readable: ${error.message}`;
    }
    const times = answer === this.good ? 1 + this.alike : 1;
    if (why) [this.wrong, this.firstWrong] = [this.wrong + times, this.firstWrong ?? why];
  }

  finish() {
    for (const [answer, i] of this.kept) this.judge(answer, i);
  }
}

/**
 * Runs `op(client, i)` from `connections` lanes until `count` are done, or for `seconds` (and at least `least` times). Returns the figures of the row.
 * What `check(answer, i)` returns is what is wrong with an answer; it is called after the clock.
 */
export async function measure(server, { connections, op, check, seconds, least = 1, count = Infinity }) {
  const client = new Client(server, connections);
  const answers = new Answers(check);
  const times = [];
  let [next, errors, firstError] = [0, 0, undefined];
  const own = process.cpuUsage();
  const before = cpuOf(server.pid, server.postgresPid);
  const begun = performance.now();
  const goesOn = () => next < count && (seconds === undefined || next < least || performance.now() - begun < seconds * 1000);
  const lane = async () => {
    while (goesOn()) {
      const i = next++;
      const at = performance.now();
      try {
        const answer = await op(client, i);
        times.push(performance.now() - at);
        answers.take(answer, i);
      } catch (error) {
        times.push(performance.now() - at);
        errors += 1;
        firstError ??= error.message;
        if (error instanceof NotServed) return;
      }
    }
  };
  await Promise.all(Array.from({ length: connections }, lane));
  const wall = performance.now() - begun;
  const used = process.cpuUsage(own);
  await new Promise((resolve) => setTimeout(resolve, 200)); // what follows an answer belongs to it
  const after = cpuOf(server.pid, server.postgresPid);
  client.close();
  answers.finish();
  const n = times.length;
  const [serverMs, postgresMs] = after.map((ms, k) => (ms - before[k]) / n);
  return {
    n,
    rate: (n / wall) * 1000,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    serverMs,
    postgresMs,
    cpuMs: serverMs + postgresMs,
    inKb: client.sent / n / 1024,
    outKb: client.received / n / 1024,
    clientCores: (used.user + used.system) / 1000 / wall,
    errors,
    firstError,
    wrong: answers.wrong,
    firstWrong: answers.firstWrong,
  };
}
