import { createServer, type IncomingHttpHeaders, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const mutation = (field: string, type: string, answer: string) =>
  `mutation ($input: ${type}!) { ${field}(input: $input) { ${answer} userErrors { code message field } } }`;
export const CREATE_FLOW = mutation('createStageFlow', 'CreateStageFlowInput', 'stageFlow { id }');
export const CREATE_ENDPOINT = mutation('createEndpoint', 'CreateEndpointInput', 'endpoint { id }');
export const CREATE_MODEL = mutation('createModel', 'CreateModelInput', 'model { id }');
export const REQUEST = mutation('requestStage', 'RequestStageInput', 'stageRequest { id }');
export const APPROVE = mutation('approveStage', 'DecideInput', 'stageRequest { id state }');
export const FORCE = mutation('forceStage', 'ForceStageInput', 'modelVersion { stage }');
export const COMPARE = mutation('compareDatasetVersions', 'CompareDatasetVersionsInput', 'datasetVersion { id }');
export const READ_REQUEST =
  'query ($id: ID!) { node(id: $id) { ... on StageRequest { state gates { gate outcome message } evidence version { stage } } } }';
export const READ_VERSION = `query ($id: ID!) { node(id: $id) { ... on ModelVersion { number stage scan { outcome problems { path code message } formats { name unsafe } }
  files { name blob size } signature example } } }`;
export const DRIFT =
  'query ($id: ID!) { datasetVersion(id: $id) { profile { drift { mode added drifted worst { column psi } columns { name drifted } } } } }';

export interface RequestView {
  state: string;
  gates: { gate: { kind: string }; outcome: string; message: string }[];
  evidence: {
    manifest: { path: string; sha256: string }[];
    flow: { revision: number };
    comparison?: { differences: unknown[] };
    recheckedAt?: string;
  };
  version: { stage: string };
}
export interface VersionView {
  number: number;
  stage: string;
  scan: { outcome: string; problems: { path: string; code: string }[]; formats: { name: string; unsafe: boolean }[] } | null;
  files: { name: string; blob: string; size: number }[];
  signature: { inputs: unknown[] } | null;
  example: { inputs: object; outputs: { probabilities: number[] } } | null;
}

/** A service of the workspace's own that is asked before a move. */
export class Check {
  readonly asked: {
    version: { id: string; files: unknown[] };
    measured: Record<string, number>;
    champion: { number: number } | null;
  }[] = [];
  /** Headers and bytes of what came. */
  readonly calls: { headers: IncomingHttpHeaders; body: string }[] = [];
  answer: { status: number; body: string } = { status: 200, body: '{"passed": true, "message": "the report is there"}' };
  private constructor(private readonly server: HttpServer) {}

  static async start(): Promise<Check> {
    const check: Check = new Check(
      createServer((request, response) => {
        let body = '';
        request
          .on('data', (chunk) => (body += String(chunk)))
          .on('end', () => {
            check.calls.push({ headers: request.headers, body });
            check.asked.push(JSON.parse(body));
            response.writeHead(check.answer.status).end(check.answer.body);
          });
      }),
    );
    await new Promise<void>((resolve) => check.server.listen(0, '127.0.0.1', resolve));
    return check;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/check`;
  }

  stop(): void {
    this.server.close();
  }
}

/** The penguins with every bill longer by a third. */
export function shifted(csv: string, from: number, to: number): string {
  return csv
    .trim()
    .split('\n')
    .slice(from + 1, to + 1)
    .map((line) =>
      line
        .split(',')
        .map((cell, column) => (column === 2 && Number(cell) ? String(Number(cell) * 1.35) : cell))
        .join(','),
    )
    .join('\n');
}

export const PRODUCTION =
  'query ($id: ID!) { node(id: $id) { ... on ModelVersion { production { requests rows refused errors p50Ms classes { name rows } } } } }';

export interface Production {
  requests: number;
  refused: number;
  errors: number;
  p50Ms: number;
  classes: { name: string; rows: number }[];
}

/** The example of a version as inputs of the Open Inference Protocol. */
export function inputsOf({ example }: VersionView): object[] {
  return Object.entries(example!.inputs).map(([name, value]) => ({
    name,
    datatype: typeof value === 'number' ? 'FP64' : 'BYTES',
    shape: [1, 1],
    data: [value as unknown],
  }));
}

/** What an MLflow client sends. */
export function mlflowClient({ url, token }: { url: string; token: string }) {
  const authorization = `Bearer ${token}`;
  const sent = async (path: string, method: string, body: string, headers: Record<string, string>) => {
    const response = await fetch(`${url}/api/2.0/${path}`, { method, body, headers: { authorization, ...headers } });
    if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response;
  };
  return {
    async post(path: string, body: object): Promise<Record<string, never>> {
      const response = await sent(`mlflow/${path}`, 'POST', JSON.stringify(body), { 'content-type': 'application/json' });
      return (await response.json()) as Record<string, never>;
    },
    async put(runId: string, path: string, content: string): Promise<void> {
      await sent(`mlflow-artifacts/artifacts/0/${runId}/artifacts/${path}`, 'PUT', content, {});
    },
  };
}
