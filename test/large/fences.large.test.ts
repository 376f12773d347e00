import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createCtx } from '#access';
import type { Finish } from '#contracts';
import {
  aMember,
  ask,
  aTemplate,
  aTraining,
  checkInvariants,
  Child,
  dropSessions,
  embeddedServer,
  jobWhen,
  kill9,
  penguins,
  quickSpec,
  readJob,
  ROOT,
  startPlatform,
  uniqueName,
  until,
  type Client,
  type Server,
} from '#testing';
import { JobsService, type ClaimedJob } from '#training';
import { AttemptProgram } from './attempt-program.js';
import { otherProcess, redeliver } from './domains.js';

/** Leases as the platform has them, for the runners that the tests play themselves: the platform's own takes no job. */
const RUNNER = { TAILRACE_LEASE_SECONDS: '2', TAILRACE_LEASE_GRACE_SECONDS: '0' };
const REQUEST_STAGE =
  'mutation ($input: RequestStageInput!) { requestStage(input: $input) { stageRequest { id } userErrors { code message } } }';
const APPROVE =
  'mutation ($input: DecideInput!) { approveStage(input: $input) { stageRequest { id state } userErrors { code message } } }';
const GATES = 'query ($id: ID!) { node(id: $id) { ... on StageRequest { state } } }';
const ctx = createCtx('', { kind: 'system', name: 'test-runner' });

let server: Server;
let client: Client;
let runner: INestApplicationContext;
let templateId: string;
let model: string;
/** What a real attempt at the template made. */
let trained: Extract<Finish, { outcome: 'succeeded' }>;

beforeAll(async () => {
  server = await startPlatform({ env: { ...RUNNER, TAILRACE_RUNNER_SLOTS: '0', TAILRACE_MAX_ATTEMPTS: '4' } });
  client = server.client();
  runner = await otherProcess(server, { ...RUNNER, TAILRACE_MAX_ATTEMPTS: '4' });
  const { datasetId } = await penguins(client);
  model = uniqueName('model');
  templateId = await aTemplate(client, { datasetId, spec: quickSpec(), registerAs: model });
  const job = await aTraining(client, templateId);
  await realAttempt(await claimed());
  const { run } = await jobWhen(client, job.id, 'has a version', ({ modelVersions }) => modelVersions.length === 1);
  trained = {
    outcome: 'succeeded',
    artifacts: Object.fromEntries(run.artifacts.map(({ path, blob }) => [path, blob])),
    code: 'test',
    engine: 'test',
    backend: 'cpu',
  };
});
afterAll(async () => {
  await runner?.close();
  await server?.stop();
});
afterEach(() => checkInvariants(server.databaseUrl));

async function claimed(by = runner): Promise<ClaimedJob> {
  return until('a job is claimed', () => by.get(JobsService).claimNext(ctx, 'the test'));
}

/** Runs the real program of an attempt to its end. */
async function realAttempt(job: ClaimedJob): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'tailrace-attempt-'));
  const secret = join(dir, 'access.json');
  await writeFile(secret, JSON.stringify({ apiUrl: server.url, token: job.token }), { mode: 0o600 });
  const program = new Child(process.execPath, [
    join(ROOT, 'dist', 'apps', 'training-runner', 'src', 'attempt', 'attempt.main.js'),
    secret,
  ]);
  await program.ended;
  await rm(dir, { recursive: true, force: true });
  expect(program.code, program.stderr).toBe(0);
}

/** A version of the model from a training that only says what the real one made. */
async function aCandidate(): Promise<{ jobId: string; versionId: string }> {
  const { id } = await aTraining(client, templateId);
  const attempt = new AttemptProgram(server.url, (await claimed()).token);
  expect(await attempt.finish(trained)).toMatchObject({ status: 200 });
  const { modelVersions } = await jobWhen(client, id, 'has a version', (job) => job.modelVersions.length > 0);
  return { jobId: id, versionId: modelVersions[0]!.id };
}

const eventsOf = (type: string, subject: string) =>
  ask<{ id: string }>(
    server.databaseUrl,
    `select id from event_log where type = 'io.tailrace.' || $1 || '.v1' and subject = $2`,
    [type, subject],
  );

describe('the fence of an attempt', { timeout: 90_000 }, () => {
  test('R2: an attempt that dies after its upload, before it finished: the next one finishes, one version, and the dead one is fenced', async () => {
    const { id } = await aTraining(client, templateId);
    const dead = new AttemptProgram(server.url, (await claimed()).token);
    await dead.claim();
    const checkpoint = await dead.upload(new Uint8Array([1, 2, 3]));
    expect(await dead.metrics(0, 1)).toMatchObject({ status: 200 });
    await jobWhen(client, id, 'is free again', ({ state }) => state === 'QUEUED');
    const next = new AttemptProgram(server.url, (await claimed()).token);
    for (const late of [dead.heartbeat(3), dead.metrics(1, 0.5), dead.checkpoint(checkpoint, 3), dead.finish(trained)])
      expect(await late).toMatchObject({ status: 409, body: { error: { code: 'STALE_ATTEMPT' } } });
    expect(await next.metrics(1, 0.4)).toMatchObject({ status: 200 });
    expect(await next.finish(trained)).toMatchObject({ status: 200 });
    expect(await dead.finish(trained)).toMatchObject({ status: 409 });
    const job = await jobWhen(client, id, 'has a version', ({ modelVersions }) => modelVersions.length > 0);
    expect(job).toMatchObject({
      attempts: [{ state: 'LOST' }, { state: 'SUCCEEDED' }],
      checkpointEpoch: null,
      run: { status: 'FINISHED' },
    });
    expect(job.modelVersions).toHaveLength(1);
  });

  test('R3: a finish that is said again, and its event delivered again: nothing happens twice', async () => {
    const { id, runId } = await aTraining(client, templateId);
    const attempt = new AttemptProgram(server.url, (await claimed()).token);
    const answers = await Promise.all(Array.from({ length: 5 }, () => attempt.finish(trained)));
    answers.push(await attempt.finish(trained));
    // At the same instant, those that come second may also be told that the attempt is over.
    expect(answers.filter(({ status }) => status !== 200 && status !== 409)).toEqual([]);
    expect(answers.at(-1)).toMatchObject({ status: 200 });
    const { modelVersions } = await jobWhen(client, id, 'has a version', (job) => job.modelVersions.length > 0);
    const finished = await eventsOf('training_job.succeeded', `training_job/${id}`);
    expect(finished).toHaveLength(1);
    await redeliver(server, 'model-registry.candidate', finished[0]!.id, 5);
    expect((await readJob(client, id)).modelVersions).toEqual(modelVersions);
    expect(await eventsOf('run.finished', `run/${runId}`)).toHaveLength(1);
  });

  test('R3: kill -9 after the effect is committed, before the queue knows: the redelivery is a no-op', async () => {
    const { id } = await aTraining(client, templateId);
    const attempt = new AttemptProgram(server.url, (await claimed()).token);
    await attempt.finish(trained);
    const candidate = `select 1 from bullmq.job where queue = 'model-registry-candidate' and state = 'active'`;
    await until('the candidate is in work', async () => (await ask(server.databaseUrl, candidate)).length > 0, 10_000, 5);
    const locker = new pg.Client({ connectionString: server.databaseUrl });
    await locker.connect();
    await locker.query('begin; lock table bullmq.job in exclusive mode');
    await until('it is registered', async () => (await readJob(client, id)).modelVersions.length > 0);
    await server.kill9();
    await dropSessions(server.databaseUrl);
    await locker.end();
    expect(await ask(server.databaseUrl, candidate), 'the queue does not know').toHaveLength(1);
    // Its lock runs out after a minute; here at once.
    await ask(server.databaseUrl, `update bullmq.job set locked_until_ms = 0, stalled_marked = true where state = 'active'`);
    await ask(server.databaseUrl, `delete from bullmq.meta where field = 'stalled-check'`);
    await server.restart();
    const left = `select state from bullmq.job where queue = 'model-registry-candidate'`;
    await until('it is delivered again', async () => (await ask(server.databaseUrl, left)).length === 0);
    expect((await readJob(client, id)).modelVersions).toHaveLength(1);
  });
});

describe('R6: kill -9 of PostgreSQL during an approval', { timeout: 90_000 }, () => {
  let approver: Client;
  beforeAll(async () => {
    approver = server.client((await aMember(client, 'approver')).token);
    await ask(
      server.databaseUrl,
      'create function hold_stage() returns trigger language plpgsql as $$ begin perform pg_advisory_xact_lock(4243); return new; end $$',
    );
    await ask(
      server.databaseUrl,
      'create trigger hold_stage before update of stage on model_version for each row execute function hold_stage()',
    );
    const first = await awaitingApproval();
    await approver.mutate(APPROVE, { requestId: first.requestId });
  });

  afterEach(releaseStalledJobs);

  /** A version whose request for production waits for its approval. */
  async function awaitingApproval(): Promise<{ versionId: string; requestId: string }> {
    const { versionId } = await aCandidate();
    const { stageRequest } = await client.mutate<{ stageRequest: { id: string } }>(REQUEST_STAGE, {
      versionId,
      stage: 'production',
    });
    const evaluated = async () =>
      (await client.query<{ node: { state: string } }>(GATES, { id: stageRequest.id })).node.state === 'AWAITING_APPROVAL';
    await until('the gates are evaluated', evaluated);
    return { versionId, requestId: stageRequest.id };
  }

  const inProduction = async () =>
    (
      await ask<{ id: string }>(
        server.databaseUrl,
        `select v.id from model_version v join model m on m.id = v.model_id where m.name = $1 and v.stage = 'production'`,
        [model],
      )
    ).map(({ id }) => id);

  async function killPostgres(): Promise<void> {
    await kill9((await embeddedServer(server.home)).pid);
  }

  /** A job that was in work when the connection broke waits until its lock runs out, half a minute or more; here it is delivered again at once. */
  async function releaseStalledJobs(): Promise<void> {
    const release = `update bullmq.job set state = 'waiting', lock_token = null, locked_until_ms = null where state = 'active' returning queue`;
    for (const { queue } of await ask<{ queue: string }>(server.databaseUrl, release))
      await ask(server.databaseUrl, 'select pg_notify($1, $2)', ['bullmq_jobs', queue]);
  }

  /** Again with the same key until there is an answer, as a client does that was cut off. */
  function approveUntilAnswered(requestId: string, key: string) {
    return until(
      'the approval is answered',
      () => approver.mutate<{ stageRequest: { state: string } }>(APPROVE, { requestId }, { 'idempotency-key': key }),
      60_000,
      200,
    );
  }

  test('before the commit: the old stage stands, and the retry with the same key moves it once', async () => {
    const before = await inProduction();
    const { versionId, requestId } = await awaitingApproval();
    const locker = new pg.Client({ connectionString: server.databaseUrl });
    locker.on('error', () => undefined);
    await locker.connect();
    await locker.query('select pg_advisory_lock(4243)');
    const key = uniqueName('approve');
    const cut = approver.graphql(APPROVE, { input: { requestId } }, { 'idempotency-key': key });
    await until(
      'the approval is in the middle',
      async () =>
        (await ask(server.databaseUrl, `select 1 from pg_locks where locktype = 'advisory' and not granted`)).length > 0,
    );
    await killPostgres();
    expect((await cut).errors?.[0]?.extensions?.code).toBe('UNAVAILABLE');
    const again = await approveUntilAnswered(requestId, key);
    expect(again.stageRequest.state).toBe('DONE');
    expect(before).not.toContain(versionId);
    expect(await inProduction()).toEqual([versionId]);
    expect(await eventsOf('model_version.approved', `stage_request/${requestId}`)).toHaveLength(1);
  });

  test('after the commit: the new stage stands, and the retry with the same key answers the same', async () => {
    const { versionId, requestId } = await awaitingApproval();
    const key = uniqueName('approve');
    const hangUp = new AbortController();
    const cut = approver.fetch('/graphql', {
      method: 'POST',
      body: JSON.stringify({ query: APPROVE, variables: { input: { requestId } } }),
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      signal: hangUp.signal,
    });
    await until('it is committed', async () => (await inProduction()).includes(versionId), 10_000, 1);
    hangUp.abort();
    await cut.catch(() => undefined);
    await killPostgres();
    const again = await approveUntilAnswered(requestId, key);
    expect(again.stageRequest.state).toBe('DONE');
    expect(await inProduction()).toEqual([versionId]);
    expect(await eventsOf('model_version.approved', `stage_request/${requestId}`)).toHaveLength(1);
    expect(await ask(server.databaseUrl, 'select 1 from approval where request_id = $1', [requestId])).toHaveLength(1);
  });

  test('at any moment: one stage or the other, never both or none', async () => {
    for (const delay of [1, 4, 9]) {
      const before = await inProduction();
      const { versionId, requestId } = await awaitingApproval();
      const key = uniqueName('approve');
      const cut = approver.graphql(APPROVE, { input: { requestId } }, { 'idempotency-key': key }).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, delay));
      await killPostgres();
      await cut;
      await until('the database is back', async () => (await ask(server.databaseUrl, 'select 1')).length > 0, 30_000);
      expect([before, [versionId]]).toContainEqual(await inProduction());
      await approveUntilAnswered(requestId, key);
      expect(await inProduction()).toEqual([versionId]);
      expect(await eventsOf('model_version.approved', `stage_request/${requestId}`)).toHaveLength(1);
      await releaseStalledJobs();
    }
  });
});

describe('R18: two runners at the same moment', { timeout: 90_000 }, () => {
  test('500 rounds: exactly one of them gets the job', async () => {
    const other = await otherProcess(server, { ...RUNNER, TAILRACE_LEASE_SECONDS: '60' });
    const { id } = await aTraining(client, templateId);
    await ask(server.databaseUrl, 'update training_job set max_attempts = 1000 where id = $1', [id]);
    const wins = [0, 0];
    for (let round = 1; round <= 500; round++) {
      const claims = await Promise.all([runner, other].map((process) => process.get(JobsService).claimNext(ctx, 'racer')));
      const winners = claims.filter((claim) => claim !== undefined);
      expect(winners.map(({ jobId, attempt }) => ({ jobId, attempt }))).toEqual([{ jobId: id, attempt: round }]);
      wins[claims.findIndex((claim) => claim !== undefined)]! += 1;
      await runner.get(JobsService).attemptLost(ctx, id, round, { reason: 'next round', retry: round < 500 });
    }
    expect(Math.min(...wins), 'it was a race').toBeGreaterThan(0);
    await other.close();
  });
});
