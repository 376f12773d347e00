import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { goneWithin, processIdentity, signalProcess } from '#database';
import {
  aDataset,
  ask,
  attemptProcesses,
  aTemplate,
  aTraining,
  aVersion,
  checkInvariants,
  curveSteps,
  dropSessions,
  embeddedServer,
  jobWhen,
  kill9,
  penguins,
  penguinsCsv,
  slowSpec,
  startPlatform,
  uniqueName,
  until,
  withDatabase,
  type AttemptProcess,
  type Client,
  type Server,
} from '#testing';

const CREATE_DATASET =
  'mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { dataset { id } userErrors { code message } } }';
const FROM_ZERO = (count: number) => Array.from({ length: count }, (_, step) => step);

/** Exit code of an attempt process that the platform no longer takes for the job's. */
const FENCED = 3;

let server: Server;
let said = '';
let client: Client;
let data: { datasetId: string; versionId: string };

beforeAll(async () => {
  server = await startPlatform({
    env: { TAILRACE_RUNNER_SLOTS: '2', TAILRACE_MAX_ATTEMPTS: '5', TAILRACE_LOG_LEVEL: 'info' },
    onStderr: (text) => (said += text),
  });
  client = server.client();
  data = await penguins(client);
});
afterAll(() => server?.stop());
afterEach(async () => {
  await Promise.all([...holders].map((holder) => holder.release()));
  await checkInvariants(server.databaseUrl);
});

const holders = new Set<{ release(): Promise<void> }>();
/** What a statement locks is held by a session of its own until `release`, at the latest until the test ends. */
async function holding(sql: string): Promise<{ release(): Promise<void> }> {
  const session = new pg.Client({ connectionString: server.databaseUrl });
  session.on('error', () => undefined);
  await session.connect();
  const holder = { release: () => (holders.delete(holder), session.end()) };
  holders.add(holder);
  await session.query(sql);
  return holder;
}

/** A training in the middle: past a checkpoint, and some epochs further. */
async function inTheMiddle(epochs: number): Promise<{ id: string; runId: string; attempt: AttemptProcess }> {
  const templateId = await aTemplate(client, { datasetId: data.datasetId, spec: slowSpec(epochs) });
  const job = await aTraining(client, templateId);
  await jobWhen(client, job.id, 'has a checkpoint', ({ checkpointEpoch }) => (checkpointEpoch ?? 0) >= 5);
  const attempt = await until('the attempt is known', async () =>
    (await attemptProcesses(server.home)).find(({ jobId }) => jobId === job.id),
  );
  return { ...job, attempt };
}

/** What the runner said of attempts that ended. */
function attemptEnds(): { jobId: string; attempt: number; code: number | null }[] {
  const lines = said.split('\n').filter((line) => line.includes('"attempt ended"'));
  return lines.map((line) => JSON.parse(line) as { jobId: string; attempt: number; code: number | null });
}

const resumedAt = (tags: readonly { key: string; value: string }[]) =>
  Number(tags.find(({ key }) => key === 'tailrace.resumed_at_epoch')?.value ?? 0);

describe('attempts', { timeout: 90_000 }, () => {
  test('R1: kill -9 of an attempt in the middle of an epoch: another goes on from the checkpoint, and the curve is one', async () => {
    const job = await inTheMiddle(40);
    await kill9(job.attempt.pid);
    const done = await jobWhen(client, job.id, 'succeeds', ({ state }) => state === 'SUCCEEDED');
    expect(done.attempts.map(({ state }) => state)).toEqual(['LOST', 'SUCCEEDED']);
    expect(done.attempts[0]!.reason).toContain('SIGKILL');
    expect(resumedAt(done.run.tags)).toBeGreaterThan(0);
    const steps = await curveSteps(client, job.runId, 'loss');
    expect(steps).toEqual(FROM_ZERO(40).map((step) => step + steps[0]!));
  });

  test('R12: an attempt that is frozen past its lease is fenced when it thaws, and the new attempt wins', async () => {
    const job = await inTheMiddle(60);
    signalProcess(job.attempt.pid, 'SIGSTOP');
    const taken = await jobWhen(
      client,
      job.id,
      'is taken by another attempt',
      ({ attempt, state }) => attempt === 2 && state === 'RUNNING',
    );
    expect(taken.attempts[0]).toMatchObject({ state: 'LOST', reason: 'the attempt stopped sending heartbeats' });
    const before = await pointsOf(job.runId, 1);
    signalProcess(job.attempt.pid, 'SIGCONT');
    expect(await goneWithin(job.attempt.pid, job.attempt.identity, 10_000)).toBe(true);
    const ended = await until('the runner saw it end', async () => attemptEnds().find((end) => end.jobId === job.id));
    expect(ended).toMatchObject({ attempt: 1, code: FENCED });
    const done = await jobWhen(client, job.id, 'succeeds', ({ state }) => state === 'SUCCEEDED');
    expect(done.attempts.map(({ state }) => state)).toEqual(['LOST', 'SUCCEEDED']);
    expect(await pointsOf(job.runId, 1)).toBe(before);
    const steps = await curveSteps(client, job.runId, 'loss');
    expect(steps).toEqual(FROM_ZERO(60).map((step) => step + steps[0]!));
  });

  test('an attempt that stays frozen does not hold its slot for ever', async () => {
    await server.restart({ TAILRACE_RUNNER_SLOTS: '1' });
    const job = await inTheMiddle(30);
    signalProcess(job.attempt.pid, 'SIGSTOP');
    const done = await jobWhen(client, job.id, 'succeeds', ({ state }) => state === 'SUCCEEDED');
    expect(done.attempts.map(({ state }) => state)).toEqual(['LOST', 'SUCCEEDED']);
    expect(await processIdentity(job.attempt.pid)).toBeUndefined();
  });

  test('kill -9 of the platform: the next start takes over its PostgreSQL, ends the orphaned attempt, and the job finishes', async () => {
    const job = await inTheMiddle(40);
    const { pid } = await embeddedServer(server.home);
    await server.kill9();
    expect(await processIdentity(job.attempt.pid)).toBe(job.attempt.identity);
    await server.restart();
    expect((await embeddedServer(server.home)).pid).toBe(pid);
    expect(await goneWithin(job.attempt.pid, job.attempt.identity, 5_000)).toBe(true);
    const done = await jobWhen(client, job.id, 'succeeds', ({ state }) => state === 'SUCCEEDED');
    expect(done.attempts.map(({ state }) => state)).toEqual(['LOST', 'SUCCEEDED']);
    const steps = await curveSteps(client, job.runId, 'loss');
    expect(steps).toEqual(FROM_ZERO(40).map((step) => step + steps[0]!));
  });
});

describe('the way of an event', { timeout: 90_000 }, () => {
  test('R4: kill -9 between the commit and the relay: the event is published after the restart', async () => {
    const locker = await holding('begin; lock table relay_state in access exclusive mode');
    const datasetId = await aDataset(client);
    const [row] = await ask<{ sequence: string | null }>(
      server.databaseUrl,
      'select sequence from event_log where subject = $1',
      [`dataset/${datasetId}`],
    );
    await server.kill9();
    await dropSessions(server.databaseUrl);
    await locker.release();
    expect(row).toEqual({ sequence: null });
    await server.restart();
    await until('the event is published', async () => (await eventsOf(`dataset/${datasetId}`)).length === 1);
  });

  test('R5: kill -9 of the relay after it published, before it moved its cursor: published twice, one effect', async () => {
    await onRelayState(`create function hold_relay() returns trigger language plpgsql as $$ begin perform pg_advisory_xact_lock(4242); return new; end $$;
      create trigger hold_relay before update on relay_state for each row when (new.dispatched_through <> old.dispatched_through) execute function hold_relay()`);
    const datasetId = await aDataset(client);
    await relayCaughtUp();
    const locker = await holding('select pg_advisory_lock(4242)');
    const version = await aVersion(client, datasetId, penguinsCsv());
    const subject = `dataset_version/${version.id}`;
    const behind = await ask(
      server.databaseUrl,
      `select 1 from event_log where subject = $1 and type like '%.created.v1' and sequence > (select dispatched_through from relay_state)`,
      [subject],
    );
    await server.kill9();
    await dropSessions(server.databaseUrl);
    await locker.release();
    await onRelayState('drop trigger hold_relay on relay_state; drop function hold_relay');
    expect(behind, 'the cursor had not moved').toHaveLength(1);
    await server.restart();
    await relayCaughtUp();
    expect(await eventsOf(subject)).toEqual(['dataset_version.created', 'dataset_version.validated']);
  });
});

describe('R45: an Idempotency-Key', () => {
  test('twenty at once are one execution, and all get its answer', async () => {
    const [key, name] = [uniqueName('key'), uniqueName('once')];
    const answers = await Promise.all(
      FROM_ZERO(20).map(() => client.mutate<{ dataset: { id: string } }>(CREATE_DATASET, { name }, { 'idempotency-key': key })),
    );
    expect(new Set(answers.map(({ dataset }) => dataset.id)).size).toBe(1);
    expect(await eventsOf(`dataset/${answers[0]!.dataset.id}`)).toEqual(['dataset.created']);
  });

  test('for another body is refused with 422', async () => {
    const headers = { 'idempotency-key': uniqueName('key') };
    await client.mutate(CREATE_DATASET, { name: uniqueName('first') }, headers);
    const other = await client.graphql(CREATE_DATASET, { input: { name: uniqueName('second') } }, headers);
    expect(other.errors?.[0]?.extensions?.code).toBe('IDEMPOTENCY_MISMATCH');
    expect(other.status).toBe(422);
  });

  test('is not kept by a request that failed', async () => {
    const headers = { 'idempotency-key': uniqueName('key') };
    const name = uniqueName('taken');
    await client.mutate(CREATE_DATASET, { name });
    await expect(client.mutate(CREATE_DATASET, { name }, headers)).rejects.toMatchObject({ code: 'CONFLICT' });
    await client.mutate(CREATE_DATASET, { name: uniqueName('free') }, headers);
  });

  test('of another member is another key', async () => {
    const headers = { 'idempotency-key': 'the-same-for-both' };
    const query =
      'mutation ($input: CreateMemberInput!) { createMember(input: $input) { member { id } userErrors { code message } } }';
    const { member } = await client.mutate<{ member: { id: string } }>(query, { name: uniqueName('other'), role: 'editor' });
    const create = 'mutation ($input: CreateTokenInput!) { createToken(input: $input) { token userErrors { code message } } }';
    const { token } = await client.mutate<{ token: string }>(create, { memberId: member.id, name: 'test' });
    await client.mutate(CREATE_DATASET, { name: uniqueName('mine') }, headers);
    await server.client(token).mutate(CREATE_DATASET, { name: uniqueName('theirs') }, headers);
  });
});

async function pointsOf(runId: string, attempt: number): Promise<number> {
  const [row] = await ask<{ n: number }>(
    server.databaseUrl,
    'select count(*)::int as n from metric_point p join run r on r.num = p.run where r.id = $1 and p.attempt = $2',
    [runId, attempt],
  );
  return row!.n;
}

/** Short names of the published events of a subject, in their order. */
async function eventsOf(subject: string): Promise<string[]> {
  const rows = await ask<{ type: string }>(
    server.databaseUrl,
    'select type from event_log where subject = $1 and sequence is not null order by sequence',
    [subject],
  );
  return rows.map(({ type }) => type.slice('io.tailrace.'.length, -'.v1'.length));
}

/** Every event is numbered and handed to the queues. */
async function relayCaughtUp(): Promise<void> {
  const caughtUp = `select 1 from relay_state where dispatched_through = last_sequence and not exists (select 1 from event_log where sequence is null)`;
  await until('the relay has caught up', async () => (await ask(server.databaseUrl, caughtUp)).length > 0);
}

function onRelayState(sql: string): Promise<void> {
  return withDatabase(server.databaseUrl, async (database) => void (await database.query(sql)));
}
