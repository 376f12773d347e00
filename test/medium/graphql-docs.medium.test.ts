import { readFileSync } from 'node:fs';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { parse, type OperationDefinitionNode } from 'graphql';
import supertest from 'supertest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCtx, MembersService, TokensService, type Ctx } from '#access';
import { loadConfig } from '#config';
import { createApp, PlatformModule } from '#host';
import { LoggedModelsService, LoggingService, RunsService } from '#tracking';
import { TrainingReads } from '#reads/training';
import { AutomationRole } from '../../apps/automation/src/automation.role.js';
import { ApiRole } from '../../apps/api/src/api.role.js';
import { createAdapter } from '../../apps/api/src/http/server.js';
import { InferenceProxy } from '../../apps/api/src/inference/inference.proxy.js';
import { blob, candidate, queuedJob } from './builders.js';
import { gatesSaid } from './registry-kit.js';
import { startStack, type Stack } from './stack.js';

const blocks = [...readFileSync('docs/graphql.md', 'utf8').matchAll(/```graphql\n([\s\S]*?)```/g)].map((match) => match[1]!);
const operationOf = (block: string) => parse(block).definitions[0] as OperationDefinitionNode;

let stack: Stack;
let app: NestFastifyApplication;
let variables: Record<string, string>;
let tokens: { asker: string; approver: string };

beforeAll(async () => {
  stack = await startStack([AutomationRole]);
  const config = loadConfig({ TAILRACE_HOME: stack.config.home, TAILRACE_LOG_LEVEL: 'silent' });
  const proxy = new InferenceProxy(() => undefined);
  app = await createApp(
    [PlatformModule.register({ config, databaseUrl: stack.databaseUrl, service: 'docs', workers: 0 }), ApiRole],
    createAdapter(config, proxy),
  );
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  await makeData();
});
afterAll(async () => {
  await app.close();
  await stack.close();
});

async function makeData(): Promise<void> {
  const editor = await stack.member('editor', 'ed');
  const job = await queuedJob(stack, editor);
  await stack.app.get(LoggingService).log(editor, job.runId, {
    points: [
      { key: 'accuracy', value: 0.9, step: 1, timestamp: 1 },
      { key: 'loss', value: 0.3, step: 1, timestamp: 1 },
    ],
  });
  await stack.app.get(RunsService).finish(editor, job.runId, 'FINISHED');
  const versionId = await candidate(stack, editor, 'documented');
  const [row] = await stack.rows<{ model_id: string }>('select model_id from model_version where id = $1', [versionId]);
  const [run] = await stack.rows<{ experiment_id: string }>('select experiment_id from run where id = $1', [job.runId]);
  expect(await stack.app.get(TrainingReads).jobOfRun(stack.workspaceId, job.runId)).toBeDefined();
  variables = {
    experimentId: run!.experiment_id,
    runId: job.runId,
    modelId: row!.model_id,
    versionId,
    datasetId: job.datasetId,
    datasetVersionId: job.versionId,
    templateId: job.templateId,
    blob: await blob(stack, editor),
  };
  await makeLoggedModel(editor);
  for (const known = () => stack.rows('select 1 from lineage_node where id = $1', [versionId]); (await known()).length === 0;)
    await new Promise((resolve) => setTimeout(resolve, 50));
  tokens = { asker: await tokenOf('editor'), approver: await tokenOf('approver') };
}

/** One that the search of the document finds. */
async function makeLoggedModel(editor: Ctx): Promise<void> {
  const models = stack.app.get(LoggedModelsService);
  const { experimentId, runId } = variables as { experimentId: string; runId: string };
  const { id } = await models.create(editor, { experimentId, name: 'good', sourceRunId: runId, tags: { team: 'blue' } });
  await models.finalize(editor, id, 'READY');
  const point = { key: 'f1', value: 0.9, step: 1, timestamp: 1, modelId: id, datasetName: 'holdout', datasetDigest: 'd1' };
  await stack.app.get(LoggingService).log(editor, runId, { points: [point] });
}

async function tokenOf(role: string): Promise<string> {
  const system = createCtx(stack.workspaceId, { kind: 'system', name: 'test' });
  const memberId = await stack.app.get(MembersService).create(system, { name: `doc-${role}`, role });
  return (await stack.app.get(TokensService).create(system, { memberId, name: 't', scope: 'all' })).text;
}

/** The gates' verdict, which the model-registry app gives by an event. */
async function passGates(): Promise<void> {
  const [request] = await stack.rows<{ id: string }>("select id from stage_request where state = 'EVALUATING'");
  await gatesSaid(stack, request!.id);
  variables.requestId = request!.id;
}

async function run(block: string) {
  const operation = operationOf(block);
  const names = (operation.variableDefinitions ?? []).map((definition) => definition.variable.name.value);
  const token = operation.name?.value === 'Approve' ? tokens.approver : tokens.asker;
  const answer = await supertest(app.getHttpServer())
    .post('/graphql')
    .set('authorization', `Bearer ${token}`)
    .set('host', 'localhost')
    .send({ query: block, variables: Object.fromEntries(names.map((name) => [name, variables[name]])) });
  if (operation.name?.value === 'Ask') await passGates();
  return answer;
}

describe('docs/graphql.md', () => {
  test('tells the four stories', () => {
    expect(blocks.length).toBeGreaterThanOrEqual(11);
  });

  test.each(blocks.map((block) => [operationOf(block).name!.value, block] as const))(
    '%s works as it is written',
    async (_name, block) => {
      const { status, body } = await run(block);
      expect(body.errors).toBeUndefined();
      expect(status).toBe(200);
      for (const payload of Object.values(body.data as Record<string, { userErrors?: unknown[]; edges?: unknown[] } | null>)) {
        expect(payload).not.toBeNull();
        expect(payload!.userErrors ?? []).toEqual([]);
        if (payload!.edges) expect(payload!.edges.length).toBeGreaterThan(0);
      }
    },
  );
});
