import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  aDataset,
  ask,
  aTemplate,
  aTraining,
  attemptProcesses,
  aVersion,
  checkInvariants,
  jobWhen,
  kill9,
  penguins,
  penguinsCsv,
  quickSpec,
  slowSpec,
  until,
  type Client,
  type Server,
} from '#testing';
import { moreVersions } from '../medium/builders.js';
import { startListener, toEvent, type Listener } from '../medium/webhooks-listener.js';
import { enqueue, redeliver, sayAll } from './domains.js';
import { inEachTopology } from './topologies.js';
import { onValidated, triggersKit } from './triggers-kit.js';

const DEAD = '{ deadJobs { subscriber eventId reason } }';
const HOURS = 3_600_000;

inEachTopology((start) => {
  let server: Server;
  let client: Client;
  let receiver: Listener;
  const kit = triggersKit(() => client);
  const rows = <T>(sql: string, params?: unknown[]) => ask(server.databaseUrl, sql, params) as Promise<T[]>;

  beforeAll(async () => {
    receiver = await startListener();
    // Leases as long as on a platform of people: an attempt that is killed here is seen to end.
    const leases = { TAILRACE_LEASE_SECONDS: '60', TAILRACE_HEARTBEAT_SECONDS: '1' };
    server = await start({ TAILRACE_WEBHOOK_ALLOW: '127.0.0.0/8', TAILRACE_MAX_ATTEMPTS: '2', ...leases });
    client = server.client();
  });
  afterAll(async () => {
    receiver?.close();
    await server?.stop();
  });

  /** Names of the data sets that the receiver was told of by a trigger's call. */
  const toldOf = (datasetId: string) => receiver.calls.filter(({ body }) => body.includes(datasetId)).length;
  /** A trigger on new data sets, which shows by its call that the matcher has come so far. */
  async function matcherHasPassed(): Promise<void> {
    const marker = await kit.make({
      filter: { kind: 'event', event: 'dataset.created' },
      action: { kind: 'call_webhook', url: receiver.url },
    });
    const datasetId = await aDataset(client);
    await until('the marker has fired', async () => toldOf(datasetId) > 0);
    await kit.remove(marker);
  }

  // First those that kill: a job that is killed twice in its middle is dead, as one that kills its process.
  const call = () => ({ kind: 'call_webhook', url: receiver.url });

  test('R25: a cron that was missed while nothing looked for 3 hours: one execution to catch up, or none, by its policy', async () => {
    const cron = { kind: 'schedule', cron: '*/5 * * * *' };
    const once = await kit.make({ filter: cron, action: call() });
    const none = await kit.make({ filter: { ...cron, catchUp: 'none' }, action: call() });
    await server.kill9('automation');
    const due = new Date(Date.now() - 3 * HOURS);
    await rows('update trigger set next_fire_at = $2 where id = any($1)', [[once, none], due]);
    const before = receiver.calls.length;
    await server.start();
    expect(await kit.ended(once)).toMatchObject([
      { state: 'COMPLETED', eventId: `schedule/${due.toISOString()}`, cause: { data: { scheduledFor: due.toISOString() } } },
    ]);
    expect(await kit.ended(none)).toMatchObject([{ state: 'SKIPPED', reason: `missed: it was due at ${due.toISOString()}` }]);
    // Both go on from now, so that nothing of the three hours is left to fire.
    for (const id of [once, none]) expect(await kit.nextFireAt(id)).toBeGreaterThan(due.getTime() + 3 * HOURS);
    expect(receiver.calls.slice(before).map((arrival) => toEvent(arrival).data?.['scheduledFor'])).toEqual([due.toISOString()]);
    // A time that is late and not missed fires.
    await rows("update trigger set next_fire_at = now() - interval '1 second' where id = $1", [none]);
    expect((await kit.ended(none, 2)).map(({ state }) => state)).toEqual(['SKIPPED', 'COMPLETED']);
    for (const id of [once, none]) await kit.remove(id);
  }, 60_000);

  test('R26: two processes with a scheduler each: no time fires twice, and one goes on without the other', async () => {
    const ids: string[] = [];
    const filter = { kind: 'schedule', cron: '0 3 1 1 *', timeZone: 'Europe/Berlin' };
    for (let each = 0; each < 5; each++) ids.push(await kit.make({ filter, action: call(), concurrency: 'QUEUE' }));
    await server.another('automation');
    const before = receiver.calls.length;
    const round = async (nth: number) => {
      await rows("update trigger set next_fire_at = clock_timestamp() - interval '1 second' where id = any($1)", [ids]);
      const past = 'select 1 from trigger where id = any($1) and next_fire_at <= now()';
      await until(`round ${nth} has fired`, async () => (await rows(past, [ids])).length === 0, 30_000, 20);
    };
    const told = (times: number) => until('each time was told', async () => receiver.calls.length >= before + times * ids.length);
    for (let nth = 1; nth <= 15; nth++) await round(nth);
    await told(15);
    await server.kill9('automation');
    await round(16);
    await told(16);
    await server.start();
    for (const id of ids) {
      const executions = await kit.ended(id, 16);
      expect(executions.map(({ state }) => state)).toEqual(Array.from({ length: 16 }, () => 'COMPLETED'));
      await kit.remove(id);
    }
    const causes = receiver.calls.slice(before).map(({ headers }) => headers['webhook-id']);
    expect(new Set(causes).size).toBe(16 * ids.length);
  }, 90_000);

  test('R20: a training that is killed twice is dead with its reason, and its trigger does not fire for it again', async () => {
    const datasetId = await aDataset(client);
    const templateId = await aTemplate(client, { datasetId, spec: slowSpec() });
    const id = await kit.make({ filter: onValidated(datasetId), action: { kind: 'start_training', templateId } });
    await aVersion(client, datasetId, penguinsCsv());
    const [job] = await until('its job is there', async () => {
      const jobs = await kit.jobsOf(templateId);
      return jobs.length > 0 && jobs;
    });
    for (const number of [1, 2]) {
      const attempt = await until(`attempt ${number} runs`, async () =>
        (await attemptProcesses(server.home)).find((each) => each.jobId === job!.id && each.number === number),
      );
      await kill9(attempt.pid);
    }
    const dead = await jobWhen(client, job!.id, 'is dead', ({ state }) => state === 'FAILED');
    expect(dead).toMatchObject({ attempt: 2, reason: expect.stringContaining('SIGKILL'), run: { status: 'FAILED' } });
    expect(dead.attempts.map(({ state, reason }) => [state, reason?.includes('SIGKILL')])).toEqual([
      ['LOST', true],
      ['LOST', true],
    ]);
    expect(await kit.ended(id)).toMatchObject([{ state: 'FAILED', reason: `the training job failed: ${dead.reason}` }]);
    await rows("update log_cursor set position = position - 50 where consumer = 'trigger-matcher'");
    await matcherHasPassed();
    expect(await kit.executionsOf(id)).toHaveLength(1);
    expect(await kit.jobsOf(templateId)).toHaveLength(1);
    await kit.remove(id);
  }, 60_000);

  test('R21: poison in a queue and in the log is dead or passed over, and what comes behind it flows on', async () => {
    const datasetId = await aDataset(client);
    const templateId = await aTemplate(client, { datasetId, spec: quickSpec({ maxEpochs: 1 }) });
    const id = await kit.make({ filter: onValidated(datasetId), action: { kind: 'start_training', templateId } });
    const junk = [
      null,
      'no json {',
      7,
      {},
      { eventId: { $ne: 1 } },
      { eventId: 'evt_none' },
      { eventId: 'x'.repeat(10_000_000) },
    ];
    for (const subscriber of ['automation.act', 'dataset-registry.validate'] as const) await enqueue(server, subscriber, junk);
    const huge = { datasetId: 'dst_huge', name: 'x'.repeat(10_000_000), project: '/' };
    const poison = [
      ['dataset_version.created', {}],
      ['dataset_version.validated', { datasetId }],
      ['future.happened', []],
      ['dataset.created', huge],
    ] as const;
    const put = await rows<{ id: string }>(
      `insert into event_log (id, workspace_id, type, subject, data, correlation_id, auth_id)
       select 'evt_' || md5(random()::text), w.id, 'io.tailrace.' || (p ->> 0) || '.v1', 'test/poison', p -> 1, 'poison', 'test'
       from jsonb_array_elements($1) p, (select id from workspace limit 1) w returning id`,
      [JSON.stringify(poison)],
    );
    const version = await aVersion(client, datasetId, penguinsCsv());
    expect(version.state).toBe('VALIDATED');
    const [acted] = await until(
      'the trigger behind has fired and acted',
      async () => {
        const done = (await kit.executionsOf(id, 'COMPLETED')).filter(({ cause }) => cause!.data['versionId'] === version.id);
        return done.length > 0 && done;
      },
      60_000,
    );
    expect((await jobWhen(client, acted!.outcome!['jobId']!, 'succeeds', ({ state }) => state === 'SUCCEEDED')).attempt).toBe(1);
    const [created, validated] = put.map((each) => each.id) as [string, string];
    const expected = [
      `dataset-registry.compare ${validated}`,
      `dataset-registry.validate ${created}`,
      `lineage ${created}`,
      `lineage ${validated}`,
    ];
    await until(
      'the poison is dead, and nothing else',
      async () => {
        const { deadJobs } = await client.query<{ deadJobs: { subscriber: string; eventId: string; reason: string }[] }>(DEAD);
        const dead = deadJobs.filter(({ reason }) => reason !== '').map(({ subscriber, eventId }) => `${subscriber} ${eventId}`);
        return isDeepStrictEqual(dead.toSorted(), expected.toSorted());
      },
      60_000,
    );
    // What no use case wrote leaves again, so that the invariants can be asked.
    await rows('delete from inbox where event_id = any($1)', [put.map((each) => each.id)]);
    await rows('delete from event_log where id = any($1)', [put.map((each) => each.id)]);
    await kit.remove(id);
  }, 150_000);

  test('R22: an event that fires a trigger, read five times and delivered ten times: one execution, one training', async () => {
    const datasetId = await aDataset(client);
    const templateId = await aTemplate(client, { datasetId, spec: quickSpec({ maxEpochs: 1 }) });
    const id = await kit.make({ filter: onValidated(datasetId), action: { kind: 'start_training', templateId } });
    await aVersion(client, datasetId, penguinsCsv());
    await kit.ended(id);
    const [fired] = await rows<{ id: string }>(
      `select id from event_log where type = 'io.tailrace.trigger.fired.v1' and data ->> 'triggerId' = $1`,
      [id],
    );
    for (let again = 0; again < 5; again++) {
      await rows("update log_cursor set position = position - 20 where consumer = 'trigger-matcher'");
      // Without its inbox row a delivery is as new: what is left to hold it off is the execution itself.
      await rows("delete from inbox where subscriber = 'automation.act' and event_id = $1", [fired!.id]);
      await redeliver(server, 'automation.act', fired!.id, 2);
    }
    await matcherHasPassed();
    expect(await kit.executionsOf(id)).toMatchObject([{ state: 'COMPLETED' }]);
    expect(await kit.jobsOf(templateId)).toMatchObject([{ state: 'SUCCEEDED' }]);
    await kit.remove(id);
  }, 60_000);

  test('R23: two triggers that train for each other stop at hop 8, and say so', async () => {
    const { datasetId } = await penguins(client);
    const spec = quickSpec({ maxEpochs: 1 });
    const templates = [await aTemplate(client, { datasetId, spec }), await aTemplate(client, { datasetId, spec })];
    const ids: string[] = [];
    for (const [own, templateId] of [templates, templates.toReversed()] as [string, string][]) {
      const where = { field: 'data.templateId', op: 'eq', value: own };
      ids.push(
        await kit.make({
          filter: { kind: 'event', event: 'training_job.queued', where },
          action: { kind: 'start_training', templateId },
        }),
      );
    }
    await aTraining(client, templates[0]!);
    const skipped = await until(
      'the loop is cut',
      async () => {
        for (const templateId of templates)
          for (const { id, state } of await kit.jobsOf(templateId)) if (state === 'QUEUED') await kit.cancel(id);
        return (await Promise.all(ids.map((id) => kit.executionsOf(id, 'SKIPPED')))).flat()[0];
      },
      45_000,
    );
    expect(skipped.reason).toBe('loop: the chain of causes is 8 events long, and 8 is the limit');
    await matcherHasPassed();
    const jobs = (await Promise.all(templates.map(kit.jobsOf))).flat();
    // The one that somebody started, and one for each two hops.
    expect(jobs).toHaveLength(5);
    const { events } = await client.query<{ events: { data: { triggerId: string; reason: string } }[] }>(
      '{ events(first: 1000, types: ["trigger.skipped"]) { data } }',
    );
    expect(events.filter(({ data }) => ids.includes(data.triggerId)).map(({ data }) => data.reason)).toEqual([skipped.reason]);
    for (const id of ids) await kit.remove(id);
  }, 90_000);

  test('R24: 1,000 versions in 10 s on one trigger: one run now, one trailing run with the newest version', async () => {
    const { datasetId } = await penguins(client);
    const spec = quickSpec({ maxEpochs: 1 });
    const [templateId, blocking] = [
      await aTemplate(client, { datasetId, spec }),
      await aTemplate(client, { datasetId, spec: slowSpec() }),
    ];
    const action = { kind: 'start_training', templateId };
    const id = await kit.make({ filter: onValidated(datasetId), action, concurrency: 'NEWEST' });
    // The only slot is taken, so that the first run goes on for as long as versions come.
    const blocker = await aTraining(client, blocking);
    await jobWhen(client, blocker.id, 'runs', ({ state }) => state === 'RUNNING');
    const versions = await moreVersions(rows, datasetId, 1000);
    const said = versions.map((data) => ({ subject: { kind: 'dataset_version', id: data.versionId }, data }));
    await sayAll(server, 'dataset_version.validated', said, 50);
    const newest = versions.at(-1)!.versionId;
    await until(
      'the newest waits',
      async () => (await kit.executionsOf(id, 'WAITING')).some(({ cause }) => cause!.data['versionId'] === newest),
      60_000,
    );
    expect((await kit.jobsOf(templateId)).map(({ datasetVersion }) => datasetVersion.id)).toEqual([versions[0]!.versionId]);
    await kit.cancel(blocker.id);
    await until('both have run', async () => (await kit.executionsOf(id, 'COMPLETED')).length === 2, 120_000, 200);
    const executions = await kit.ended(id, 1000);
    expect(executions).toHaveLength(1000);
    const skipped = executions.filter(({ state }) => state === 'SKIPPED');
    expect(skipped).toHaveLength(998);
    const known = new Set(executions.map((each) => `superseded: by ${each.id}`));
    expect(skipped.filter(({ reason }) => !known.has(reason!))).toEqual([]);
    expect(await kit.jobsOf(templateId)).toMatchObject([
      { state: 'SUCCEEDED', datasetVersion: { id: versions[0]!.versionId } },
      { state: 'SUCCEEDED', datasetVersion: { id: newest, number: 1001 } },
    ]);
    await kit.remove(id);
  }, 240_000);

  test('every invariant holds in the end', () => checkInvariants(server.databaseUrl, 60_000), 90_000);
});
