import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Ctx } from '#access';
import { ReplaysService, type NewWebhook } from '#automation';
import { EVENT_NAMES, stretchId, uuidOf } from '#contracts';
import { newId } from '#kernel';
import { until } from '#testing';
import { LINEAGE_NAMES } from '../../libs/automation/src/openlineage/lineage-event.js';
import { facetsIn, faultsOf } from '../openlineage/validator.js';
import { name, validDataset } from './builders.js';
import { say } from './lineage-kit.js';
import { TellingRole, tellStory, type Told } from './openlineage-kit.js';
import { startStack, type Stack } from './stack.js';
import { webhooksKit, type WebhooksKit } from './webhooks-kit.js';
import { answers, startListener, verify, type Listener } from './webhooks-listener.js';

const HOME = 'tailrace://tailrace.example/default';
const ENDS = ['COMPLETE', 'FAIL', 'ABORT'];

let stack: Stack;
let ada: Ctx;
let kit: WebhooksKit;
let listener: Listener;
beforeAll(async () => {
  stack = await startStack([TellingRole], { TAILRACE_PUBLIC_URL: 'https://tailrace.example/' });
  ada = await stack.member('editor', 'ada');
  kit = webhooksKit(stack, ada);
  listener = await startListener();
});
afterAll(async () => {
  listener.close();
  await stack.close();
});

const create = (more: Partial<NewWebhook> = {}) =>
  kit.service.create(ada, { name: name('hook'), url: listener.url, form: 'openlineage', events: ['*'], ...more }, kit.rules);
const read = (body: string) => JSON.parse(body) as Told;
const delivered = async (webhookId: string) => {
  await kit.matched();
  await until('everything is delivered', async () => (await kit.rowsOf(webhookId)).every(({ state }) => state !== 'PENDING'));
  return kit.rowsOf(webhookId);
};

describe('a whole story', () => {
  let story: Awaited<ReturnType<typeof tellStory>>;
  let told: Told[];
  let webhook: { id: string; secret?: string };
  beforeAll(async () => {
    webhook = await create({ bearerToken: 'key-1' });
    story = await tellStory(stack, ada, await stack.member('approver', 'grace'), () => delivered(webhook.id));
    await delivered(webhook.id);
    told = listener.calls.map(({ body }) => read(body));
  });

  const ofRun = (runId: string) => told.filter(({ run }) => run?.runId === runId);
  const typesOf = (runId: string) => ofRun(runId).map(({ eventType }) => eventType);
  const lastOf = (runId: string) => ofRun(runId).at(-1)!;

  test('is told by one event of OpenLineage for each of ours that means something there, and by no other', async () => {
    const logged = await stack.rows<{ id: string; type: string }>('select id, type from event_log order by pos');
    const meant = logged.filter(({ type }) => LINEAGE_NAMES.some((each) => type === `io.tailrace.${each}.v1`));
    expect(listener.calls.map(({ headers }) => headers['webhook-id']).sort()).toEqual(meant.map(({ id }) => id).sort());
    expect((await kit.rowsOf(webhook.id)).map(({ state }) => state)).toEqual(meant.map(() => 'DELIVERED'));
    const happened = new Set(meant.map(({ type }) => type.replace(/^io\.tailrace\.|\.v1$/g, '')));
    const left = LINEAGE_NAMES.filter((each) => !happened.has(each));
    expect(left).toEqual(['experiment.updated', 'template.updated']);
  });

  test('fits the released schemas, event by event and facet by facet', () => {
    expect(told.length).toBeGreaterThan(50);
    expect(told.flatMap((event) => faultsOf(event).map((fault) => ({ fault, event })))).toEqual([]);
    const facets = new Set(told.flatMap((event) => facetsIn(event).map(([key]) => key)));
    for (const key of [
      'parent',
      'errorMessage',
      'tags',
      'test',
      'executionParameters',
      'jobType',
      'sourceCodeLocation',
      'version',
      'schema',
      'storage',
    ])
      expect(facets).toContain(key);
    for (const key of ['lifecycleStateChange', 'documentation', 'datasetType', 'dataQualityMetrics', 'dataQualityAssertions'])
      expect(facets).toContain(key);
  });

  test('has one start and one end of every run', () => {
    const runs = Map.groupBy(
      told.filter(({ run }) => run),
      ({ run }) => run!.runId,
    );
    expect(runs.size).toBeGreaterThanOrEqual(10);
    for (const events of runs.values()) {
      expect(events.filter(({ eventType }) => eventType === 'START')).toEqual([events[0]]);
      expect(events.filter(({ eventType }) => ENDS.includes(eventType!)).length).toBeLessThanOrEqual(1);
      expect(new Set(events.map(({ job }) => `${job!.namespace} ${job!.name}`)).size).toBe(1);
    }
  });

  test('a run names its data, what it made, the run above it and its code; one that goes on is another run', () => {
    const first = uuidOf(story.runId);
    expect(typesOf(first)[0]).toBe('START');
    const end = ofRun(first).find(({ eventType }) => eventType === 'COMPLETE')!;
    expect(end).toMatchObject({
      job: {
        namespace: `${HOME}/birds`,
        name: `experiment/${story.experiment}`,
        facets: { sourceCodeLocation: { type: 'git', url: 'https://git.example/birds.git', version: 'abc' } },
      },
      run: {
        facets: {
          parent: { run: { runId: uuidOf(story.parentId) }, job: { name: `experiment/${story.experiment}` } },
          executionParameters: { parameters: [{ key: 'depth', value: '3' }] },
          tags: {
            tags: [
              { key: 'tailrace.run', value: story.runId, source: 'TAILRACE' },
              { key: 'tailrace.name', value: 'trial', source: 'TAILRACE' },
              { key: 'team', value: 'blue', source: 'USER' },
            ],
          },
        },
      },
      inputs: [
        {
          namespace: `${HOME}/birds`,
          name: `dataset/${story.dataset}`,
          facets: {
            version: { datasetVersion: '1' },
            schema: {
              fields: [
                { name: 'x', type: 'number', ordinal_position: 1 },
                { name: 'label', type: 'text' },
              ],
            },
          },
        },
        { namespace: HOME, name: 'logged_dataset/extra', facets: { version: { datasetVersion: 'd1' } } },
      ],
      outputs: [{ name: `logged_model/${story.loggedModelId}` }],
    });
    const second = stretchId(story.runId, 1);
    expect(typesOf(second)).toEqual(['START', 'ABORT', 'OTHER']);
    expect(lastOf(second).run!.facets['errorMessage']).toMatchObject({ message: 'the run has failed' });
  });

  test('a training names its template, its data and why it failed', () => {
    const run = uuidOf(story.job.runId);
    expect(typesOf(run)).toEqual(['START', 'RUNNING', 'FAIL']);
    expect(lastOf(run)).toMatchObject({
      job: { name: `template/${story.job.template}`, facets: { jobType: { integration: 'TAILRACE', jobType: 'TRAINING' } } },
      run: { facets: { errorMessage: { message: 'out of memory' } } },
      inputs: [{ name: `dataset/${story.dataset}`, facets: { version: { datasetVersion: '2' } } }],
    });
  });

  test('a check is a run of its data set, with what it measured and what it found', () => {
    expect(typesOf(uuidOf(story.first))).toEqual(['START', 'COMPLETE']);
    expect(ofRun(uuidOf(story.first))[0]!.inputs![0]!.facets['lifecycleStateChange']).toMatchObject({
      lifecycleStateChange: 'CREATE',
    });
    expect(lastOf(uuidOf(story.first)).inputs![0]).toMatchObject({
      name: `dataset/${story.dataset}`,
      inputFacets: {
        dataQualityMetrics: {
          rowCount: 10,
          columnMetrics: {
            x: { nullCount: 1, distinctCount: 9, min: -1.5, max: 2, quantiles: { '0.5': 0.25 } },
            label: { nullCount: 0 },
          },
        },
        dataQualityAssertions: {
          assertions: [
            { assertion: 'valid', success: true },
            { assertion: 'MISSING', success: false, severity: 'warn', column: 'x' },
          ],
        },
      },
    });
    expect(typesOf(uuidOf(story.bad))).toEqual(['START', 'FAIL']);
    expect(lastOf(uuidOf(story.bad)).run!.facets['errorMessage']).toMatchObject({ message: 'a row has too many cells' });
    expect(told.find(({ job }) => job?.name === `dataset/${story.dataset}/compare`)!.inputs![0]!.inputFacets).toMatchObject({
      dataQualityAssertions: { assertions: [{ assertion: 'no_drift', success: false, column: 'x', actual: 'psi 0.4' }] },
    });
  });

  test('an evaluation is a run that reads the version and its data', () => {
    expect(typesOf(uuidOf(story.evaluated))).toEqual(['START', 'COMPLETE']);
    expect(lastOf(uuidOf(story.evaluated)).inputs!.map((input) => input.name)).toEqual([
      `model/${story.model}`,
      expect.stringMatching(/^dataset\//),
    ]);
    expect(lastOf(uuidOf(story.failed)).run!.facets['errorMessage']).toMatchObject({ message: 'a file is gone' });
  });

  test('a request for a stage is a run with its gates as tests', () => {
    expect(typesOf(uuidOf(story.done))).toEqual(['START', 'RUNNING', 'RUNNING', 'COMPLETE']);
    expect(lastOf(uuidOf(story.done))).toMatchObject({
      job: { name: `model/${story.model}/stage/production` },
      run: { facets: { test: { tests: [{ name: 'data_valid', status: 'pass', description: 'ok' }] } } },
      inputs: [
        {
          name: `model/${story.model}`,
          facets: { version: { datasetVersion: '1' }, tags: { tags: [{ key: 'stage', value: 'production' }] } },
        },
      ],
    });
    expect(lastOf(uuidOf(story.rejected)).eventType).toBe('FAIL');
    expect(lastOf(uuidOf(story.blocked))).toMatchObject({
      eventType: 'FAIL',
      run: {
        facets: {
          errorMessage: { message: 'f1 0.5 is below 0.9' },
          test: { tests: [{ status: 'pass' }, { name: 'metric_min f1', status: 'fail', actual: '0.5', params: { min: 0.9 } }] },
        },
      },
    });
    expect(lastOf(uuidOf(story.stale)).eventType).toBe('ABORT');
    const stages = told.filter(({ dataset }) => dataset?.name === `model/${story.model}` && dataset.facets['tags']);
    const stood = stages.map(({ dataset }) => dataset!.facets['tags']!['tags'] as { key: string; value: string }[]);
    expect(stood.map(([tag]) => `${tag!.key} ${tag!.value}`).sort()).toEqual(['stage archived', 'stage production']);
  });

  test('a model is renamed and dropped by its names, and an endpoint reads the version that answers', () => {
    const changes = told.filter(
      ({ dataset }) => dataset?.name.startsWith(`model/${story.other}`) && dataset.facets['lifecycleStateChange'],
    );
    expect(changes.map(({ dataset }) => dataset!.facets['lifecycleStateChange'])).toMatchObject([
      { lifecycleStateChange: 'CREATE' },
      { lifecycleStateChange: 'RENAME', previousIdentifier: { namespace: HOME, name: `model/${story.other}` } },
      { lifecycleStateChange: 'DROP' },
    ]);
    const serving = told.find(({ job, inputs }) => job?.name === `endpoint/${story.endpoint}` && inputs!.length > 0)!;
    expect(serving.inputs).toMatchObject([{ name: `model/${story.model}`, facets: { version: { datasetVersion: '2' } } }]);
  });

  test('comes as JSON with the bearer token and a signature that the library of Standard Webhooks takes', () => {
    const [call] = listener.calls;
    expect(call!.headers).toMatchObject({ 'content-type': 'application/json', authorization: 'Bearer key-1' });
    expect(verify(call!, webhook.secret!)).toMatchObject({ schemaURL: expect.stringContaining('2-0-2') as unknown });
  });

  test('is the same to the byte when it is sent again, whatever has changed since', async () => {
    const before = new Map(listener.calls.map(({ headers, body }) => [headers['webhook-id'], body]));
    await stack.rows(`update experiment set name = name || '-renamed'`);
    await stack.rows('delete from run_param');
    listener.calls.length = 0;
    await stack.app.get(ReplaysService).replay(ada, { webhookId: webhook.id, states: ['DELIVERED'] });
    await delivered(webhook.id);
    expect(new Map(listener.calls.map(({ headers, body }) => [headers['webhook-id'], body]))).toEqual(before);
  });
});

describe('a webhook of this form', () => {
  afterEach(() => stack.rows('delete from webhook'));

  test('may hear only of what OpenLineage has words for', async () => {
    for (const type of ['member.created', 'audit.*', 'webhook.*'])
      await expect(create({ events: ['run.*', type] })).rejects.toMatchObject({
        code: 'BAD_INPUT',
        field: 'types',
        message: expect.stringContaining(`no words for ${type}`) as unknown,
      });
    expect(EVENT_NAMES.length).toBeGreaterThan(LINEAGE_NAMES.length);
  });

  test('sends the body that it made first in every try', async () => {
    listener.answer = answers(503);
    listener.calls.length = 0;
    const { id } = await create({ events: ['dataset_version.created'] });
    await validDataset(stack, ada);
    const call = await until('it was tried', async () => listener.calls[0]);
    await until('the try is over', async () => (await kit.rowsOf(id))[0]?.attempts === 1);
    await stack.rows(`update dataset set name = name || '-renamed'`);
    listener.answer = answers(200);
    await stack.rows('update webhook_delivery set next_at = now() where webhook_id = $1', [id]);
    await delivered(id);
    expect(listener.calls.map(({ body }) => body)).toEqual([call.body, call.body]);
  });

  test('does not send what is gone for good, and says so', async () => {
    const { id } = await create({ events: ['run.started'] });
    await say(stack, 'run.started', {
      runId: newId('run'),
      experimentId: newId('experiment'),
      jobId: null,
      datasetVersionIds: [],
    });
    expect(await delivered(id)).toMatchObject([{ state: 'FAILED', last_error: 'what its event tells of is gone for good' }]);
    expect(await kit.view.get(ada, id)).toMatchObject({ status: 'ACTIVE' });
  });

  test('tells nobody its token, and takes it to no other address', async () => {
    const { id } = await create({ bearerToken: 'key-2' });
    const row = await kit.view.get(ada, id);
    expect(row).toMatchObject({ form: 'openlineage', signed: true, authorized: true });
    expect(JSON.stringify(row)).not.toContain('key-2');
    const said = await stack.rows<{ text: string }>(`select to_jsonb(a)::text as text from audit_log a where subject_id = $1`, [
      id,
    ]);
    expect(said.map(({ text }) => text).join()).not.toContain('key-2');
    const elsewhere = 'http://127.0.0.1:9/other';
    await expect(kit.update(id, { url: elsewhere })).rejects.toMatchObject({ code: 'BAD_INPUT', field: 'bearerToken' });
    await kit.update(id, { url: `${listener.url}/v2` });
    await kit.update(id, { url: elsewhere, bearerToken: '' });
    expect(await kit.view.get(ada, id)).toMatchObject({ url: elsewhere, authorized: false });
    await expect(kit.update(id, { bearerToken: 'a\r\nb: c' })).rejects.toMatchObject({ field: 'bearerToken' });
    await expect(create({ form: 'cloudevents', bearerToken: 'x' })).rejects.toMatchObject({ field: 'bearerToken' });
  });
});
