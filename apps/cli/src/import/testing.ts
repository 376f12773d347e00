import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

type Answer = {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly json?: object;
  readonly bytes?: Buffer;
};
type Body = Record<string, unknown>;

export interface FakeRun {
  readonly id: string;
  readonly experiment: string;
  readonly metrics: Record<string, { value: number | string; step: number; timestamp: number }[]>;
  readonly tags?: Record<string, string>;
  readonly params?: Record<string, string>;
  status?: string;
  readonly deleted?: boolean;
}

/** A source like MLflow, small, with what real ones do seldom: passing errors, pages of two, lies about files. */
export class FakeMlflow {
  readonly runs: FakeRun[] = [];
  readonly experiments: { experiment_id: string; name: string; tags: { key: string; value: string }[] }[] = [];
  /** Files of runs by path below the run; a list is answered as it is given, whatever it says. */
  readonly lists: Record<string, object[]> = {};
  readonly contents: Record<string, Answer> = {};
  models: object[] = [];
  versions: object[] = [];
  readonly log: string[] = [];
  /** Requests after which the source breaks off every connection. */
  dieAfter = Infinity;
  /** Status codes that the next requests get, whatever they ask. */
  troubles: number[] = [];

  private constructor(private readonly server: Server) {}

  static async start(): Promise<FakeMlflow> {
    const server = createServer((request, response) => void fake.answer(request, response));
    const fake = new FakeMlflow(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, this.url);
    this.log.push(`${request.method} ${url.pathname}${url.search}`);
    if (this.log.length > this.dieAfter) return void request.socket.destroy();
    const body = JSON.parse((await text(request)) || '{}') as Body;
    const {
      status = 200,
      headers = {},
      json,
      bytes,
    } = this.reply(request, url, { ...Object.fromEntries(url.searchParams), ...body });
    response.writeHead(status, { ...(json ? { 'content-type': 'application/json' } : {}), ...headers });
    response.end(json ? JSON.stringify(json) : bytes);
  }

  private reply(request: IncomingMessage, url: URL, ask: Body): Answer {
    if (request.headers.authorization !== 'Bearer secret-of-the-source')
      return { status: 401, bytes: Buffer.from('who are you?') };
    const trouble = this.troubles.shift();
    if (trouble) return { status: trouble, headers: { 'retry-after': '0' }, bytes: Buffer.from('<html>busy</html>') };
    if (url.pathname === '/get-artifact')
      return this.contents[`${String(ask['run_id'])}/${String(ask['path'])}`] ?? { status: 404 };
    const call = url.pathname.replace('/api/2.0/mlflow/', '');
    const answer = this.calls[call];
    return answer ? { json: answer(ask) } : { status: 404, json: { error_code: 'ENDPOINT_NOT_FOUND', message: call } };
  }

  private readonly calls: Record<string, (ask: Body) => object> = {
    'experiments/search': (ask) => paged('experiments', this.experiments, ask),
    'runs/search': (ask) => {
      const [id] = ask['experiment_ids'] as string[];
      return paged(
        'runs',
        this.runs.filter(({ experiment }) => experiment === id).map((run) => toRun(run)),
        ask,
      );
    },
    'runs/get': (ask) => ({ run: toRun(this.runs.find(({ id }) => id === ask['run_id'])!) }),
    'metrics/get-history': (ask) => {
      const run = this.runs.find(({ id }) => id === ask['run_id'])!;
      return paged(
        'metrics',
        run.metrics[String(ask['metric_key'])]!.map((point) => ({ key: ask['metric_key'], ...point })),
        ask,
        700,
      );
    },
    'artifacts/list': (ask) => ({ files: this.lists[`${String(ask['run_id'])}/${String(ask['path'] ?? '')}`] ?? [] }),
    'registered-models/search': (ask) => ({ registered_models: String(ask['filter'] ?? '') === '' ? this.models : [] }),
    'registered-models/get': (ask) => ({ registered_model: this.models.find((one) => (one as Body)['name'] === ask['name']) }),
    'model-versions/search': () => ({ model_versions: this.versions }),
  };
}

function paged(name: string, all: readonly object[], ask: Body, size = 2): object {
  const from = Number(ask['page_token'] ?? 0);
  const next = from + size < all.length ? { next_page_token: String(from + size) } : {};
  return { [name]: all.slice(from, from + size), ...next };
}

const pairs = (record: Record<string, string> = {}) => Object.entries(record).map(([key, value]) => ({ key, value }));

function toRun({ id, experiment, metrics, tags, params, status = 'FINISHED', deleted }: FakeRun) {
  const latest = Object.entries(metrics).map(([key, points]) => ({ key, ...points.at(-1) }));
  return {
    info: {
      run_id: id,
      run_name: `run ${id.slice(0, 4)}`,
      experiment_id: experiment,
      user_id: 'eve',
      status,
      // some servers write 64-bit integers as text
      start_time: '1700000000000',
      end_time: status === 'RUNNING' ? undefined : 1700000060000,
      artifact_uri: `s3://bucket/${id}/artifacts`,
      lifecycle_stage: deleted ? 'deleted' : 'active',
    },
    data: { metrics: latest, params: pairs(params), tags: pairs(tags) },
    inputs: {
      dataset_inputs: [
        {
          tags: [{ key: 'mlflow.data.context', value: 'train' }],
          dataset: { name: 'd', digest: '1', source_type: 'local', source: 's' },
        },
      ],
    },
  };
}
