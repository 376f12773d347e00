import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MODULE_METADATA } from '@nestjs/common/constants.js';
import { buildSchema } from 'graphql';
import { expect } from 'vitest';
import { ask, ROOT, uniqueName, until, type Client, type Server } from '#testing';
import { MlflowModule } from '../../apps/api/src/mlflow/mlflow.module.js';
import type { Route } from '../../apps/api/src/mlflow/wire/route.js';

export interface Said {
  readonly action: string;
  readonly outcome: string;
  readonly event: string | null;
}

/** Rows of the audit that a request left, each with the type of its event. */
export function saidOf(server: Server, correlation: string): Promise<Said[]> {
  return ask<Said>(
    server.databaseUrl,
    `select a.action, a.outcome, e.type as event from audit_log a left join event_log e on e.id = a.event_id and e.correlation_id = a.correlation_id
      where a.correlation_id = $1 order by a.id`,
    [correlation],
  );
}

export const correlation = (): string => `audit-${randomUUID()}`;

/** A request left at least one row, and each row that it left has its event. */
export function expectSaid(what: string, said: readonly Said[]): void {
  expect({ what, rows: said.length > 0 }).toEqual({ what, rows: true });
  for (const { action, outcome, event } of said)
    expect({ what, outcome, event }).toEqual({ what, outcome: 'done', event: `io.tailrace.${action}.v1` });
}

/** The routes of MLflow's API as its module mounts them. */
export function mlflowRoutes(): Route[] {
  const providers = Reflect.getMetadata(MODULE_METADATA.PROVIDERS, MlflowModule) as unknown[];
  return providers.flatMap((provider) => {
    if (typeof provider !== 'function' || !provider.name.endsWith('Routes')) return [];
    return (new (provider as new () => { routes: readonly Route[] })().routes ?? []) as Route[];
  });
}

const schema = buildSchema(readFileSync(join(ROOT, 'schema.graphql'), 'utf8'));

/** Things to call mutations and routes on, made by calls that are not looked at. */
export function fixtures(server: Server, client: Client) {
  async function made(name: string, field: string, input: object, as = client): Promise<string> {
    const type = String(schema.getMutationType()!.getFields()[name]!.args[0]!.type);
    const query = `mutation ($input: ${type}) { ${name}(input: $input) { ${field} { id } userErrors { code message } } }`;
    return (await as.mutate<Record<string, { id: string }>>(query, input as never))[field]!.id;
  }
  async function rest<T>(method: string, path: string, body: object, headers: Record<string, string> = {}): Promise<T> {
    const answer = await client.fetch(path, {
      method,
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: HTTP ${answer.status} ${text}`);
    return (text.startsWith('{') ? JSON.parse(text) : {}) as T;
  }
  const experiment = () => made('createExperiment', 'experiment', { name: uniqueName('audit') });
  const run = async (more: object = {}) => made('createRun', 'run', { experimentId: await experiment(), name: 'run', ...more });
  const model = (more: object = {}) => made('createModel', 'model', { name: uniqueName('audited'), ...more });
  const nameOf = async (table: string, id: string) =>
    (await ask<{ name: string }>(server.databaseUrl, `select name from ${table} where id = $1`, [id]))[0]!.name;

  return {
    server,
    client,
    made,
    rest,
    experiment,
    run,
    model,
    nameOf,
    async endedRun() {
      const id = await run();
      await made('finishRun', 'run', { runId: id, status: 'FINISHED' });
      return id;
    },
    loggedModel: async (more: object = {}) =>
      made('createLoggedModel', 'loggedModel', { experimentId: await experiment(), name: 'logged', ...more }),
    webhook: (more: object = {}) =>
      made('createWebhook', 'webhook', {
        name: uniqueName('hook'),
        url: 'https://example.com/',
        events: ['PROMPT_CREATED'],
        status: 'DISABLED',
        ...more,
      }),
    async version(modelId?: string): Promise<{ id: string; model: string; number: string }> {
      const name = await nameOf('model', modelId ?? (await model()));
      const { model_version } = await rest<{ model_version: { version: string } }>(
        'POST',
        '/api/2.0/mlflow/model-versions/create',
        {
          name,
          source: `s3://elsewhere/${uniqueName('source')}`,
        },
      );
      const number = model_version.version;
      const [row] = await ask<{ id: string }>(
        server.databaseUrl,
        'select v.id from model_version v join model m on m.id = v.model_id where m.name = $1 and v.number = $2',
        [name, number],
      );
      return { id: row!.id, model: name, number };
    },
    /** A request for production that waits for an approver. */
    async awaiting(): Promise<string> {
      return this.asked((await this.version(await model({ productionGates: [] }))).id);
    },
    async asked(versionId: string): Promise<string> {
      const requestId = await made('requestStage', 'stageRequest', { versionId, stage: 'production' });
      await until('the request waits for approval', async () => {
        const [row] = await ask<{ state: string }>(server.databaseUrl, 'select state from stage_request where id = $1', [
          requestId,
        ]);
        return row!.state === 'AWAITING_APPROVAL';
      });
      return requestId;
    },
    async member(): Promise<string> {
      return made('createMember', 'member', { name: uniqueName('member'), role: 'approver' });
    },
  };
}

export type Fixtures = ReturnType<typeof fixtures>;
