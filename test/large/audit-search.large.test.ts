import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aDataset, aMember, ask, checkInvariants, startPlatform, until, type Client, type Server } from '#testing';
import { correlation, fixtures, type Fixtures } from './audit-kit.js';
import { anotherWorkspace, statementsOf } from './edge-support.js';

const AUDIT = `query ($where: AuditFilter, $first: Int, $after: String) { audit(where: $where, first: $first, after: $after) {
  edges { node { id at actor tokenId address action subjectKind subjectId outcome count reason correlationId member { name } event { id type sequence } } }
  pageInfo { hasNextPage endCursor } } }`;

interface Entry {
  readonly id: string;
  readonly at: string;
  readonly actor: string;
  readonly tokenId: string | null;
  readonly address: string | null;
  readonly action: string;
  readonly subjectId: string;
  readonly subjectKind: string;
  readonly outcome: string;
  readonly count: number;
  readonly correlationId: string;
  readonly member: { readonly name: string } | null;
  readonly event: { readonly type: string } | null;
}
interface Page {
  readonly audit: {
    readonly edges: readonly { readonly node: Entry }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string };
  };
}

let server: Server;
let client: Client;
let kit: Fixtures;
beforeAll(async () => {
  // What is not woken stays asleep: nothing but the test speaks to the database while its statements are counted.
  server = await startPlatform({ env: { TAILRACE_POLL_MS: '15000', TAILRACE_SWEEP_SECONDS: '600' } });
  client = server.client();
  kit = fixtures(server, client);
  for (let i = 0; i < 30; i++) await aDataset(client);
}, 60_000);
afterAll(() => server?.stop());

async function found(where: object, as = client): Promise<Entry[]> {
  return (await as.query<Page>(AUDIT, { where, first: 200 })).audit.edges.map(({ node }) => node);
}
const exported = async (query: string, as = client) => {
  const answer = await as.fetch(`/v1/audit?${query}`);
  return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() };
};

describe('the audit is searched', () => {
  test('by everything that it says, and all that is given must hold', async () => {
    const id = correlation();
    const runId = await kit.run();
    const finish = 'mutation ($input: FinishRunInput!) { finishRun(input: $input) { userErrors { code } } }';
    await client.query(finish, { input: { runId, status: 'FAILED' } }, { 'x-correlation-id': id });
    await until('the event has its number', async () => (await found({ correlationId: id }))[0]?.event);
    const [entry] = await found({ correlationId: id });
    expect(entry).toMatchObject({
      action: 'run.failed',
      subjectKind: 'run',
      subjectId: runId,
      outcome: 'done',
      count: 1,
      member: { name: 'admin' },
    });
    expect(entry!.event!.type).toBe('io.tailrace.run.failed.v1');
    const { actor, tokenId, address, at } = entry!;
    const whole = {
      subjectId: runId,
      subjectKind: 'run',
      actor,
      memberId: actor,
      tokenId,
      address,
      outcome: 'done',
      correlationId: id,
    };
    const around = { from: at, to: new Date(new Date(at).getTime() + 1).toISOString() };
    expect(await found({ ...whole, ...around, action: 'run.failed' })).toEqual([entry]);
    expect((await found({ subjectId: runId, action: 'run.' })).map(({ action }) => action)).toEqual([
      'run.failed',
      'run.started',
    ]);
    for (const wrong of [
      { subjectId: 'run_x' },
      { subjectKind: 'model' },
      { actor: 'x' },
      { memberId: 'x' },
      { tokenId: 'x' },
      { address: '10.0.0.1' },
      { outcome: 'refused' },
      { action: 'run.finished' },
      { action: 'model.' },
      { from: around.to },
      { to: at },
    ])
      expect({ wrong, found: await found({ ...whole, ...wrong }) }).toEqual({ wrong, found: [] });
  });

  test('page by page, by the same number of statements whatever the size', async () => {
    const ids: string[] = [];
    for (let after: string | undefined; ;) {
      const { audit } = await client.query<Page>(AUDIT, { first: 7, after, where: { action: 'dataset.created' } });
      ids.push(...audit.edges.map(({ node }) => node.id));
      if (!audit.pageInfo.hasNextPage) break;
      after = audit.pageInfo.endCursor;
    }
    expect(ids.length).toBeGreaterThanOrEqual(30);
    expect(ids).toEqual([...new Set(ids)].sort().reverse());
    const cost = (first: number) =>
      statementsOf(server, () => client.query(AUDIT, { first, where: { action: 'dataset.created' } }));
    const few = await cost(2);
    // Entries, members, events, and at times who asks.
    expect(few).toBeLessThanOrEqual(4);
    expect(await cost(30)).toBe(few);
  });

  test('nothing of another workspace', async () => {
    const stranger = await anotherWorkspace(server);
    expect((await found({}, stranger)).every(({ action }) => action.startsWith('audit.'))).toBe(true);
    expect((await exported('format=jsonl&action=dataset.', stranger)).text).toBe('');
    const chain = await (await stranger.fetch('/v1/audit/chain')).text();
    expect(chain).not.toContain('dataset.created');
  });

  test('needs the right to read it', async () => {
    const narrow = server.client((await aMember(client, 'editor', { project: '/mine' })).token);
    expect((await narrow.graphql(AUDIT)).errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
    for (const path of ['/v1/audit', '/v1/audit/chain']) expect((await narrow.fetch(path)).status).toBe(403);
  });
});

describe('the audit is exported', () => {
  test('as JSON Lines, whole and in order, and by the same filter', async () => {
    const { status, type, text } = await exported('format=jsonl&action=dataset.created');
    expect([status, type]).toEqual([200, 'application/x-ndjson']);
    const rows = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Entry);
    const ids = rows.map(({ id }) => id);
    expect(ids).toEqual([...ids].sort());
    expect(ids).toHaveLength((await found({ action: 'dataset.created' })).length);
    expect(rows[0]).toMatchObject({
      outcome: 'done',
      count: 1,
      after: { name: expect.any(String) as unknown },
      eventId: expect.stringMatching(/^evt_/) as unknown,
    });
  });

  test('as CSV whose cells are no formulas', async () => {
    const { id } = await kit.version();
    await kit.made('requestStage', 'stageRequest', { versionId: id, stage: 'staging', reason: '=HYPERLINK("http://evil","x")' });
    const { type, text } = await exported('format=csv&action=model_version.stage_requested');
    expect(type).toBe('text/csv; charset=utf-8');
    const [header, line] = text.split('\r\n');
    expect(header).toMatch(/^id,at,actor,/);
    expect(line).toContain(`,"'=HYPERLINK(""http://evil"",""x"")",`);
  });

  test('a filter that there is not, or a time that is none, is named', async () => {
    for (const [query, said] of [
      ['format=xml', 'format'],
      ['from=yesterday', 'from'],
      ['nonsense=1', 'nonsense'],
    ] as const) {
      const { status, text } = await exported(query);
      expect({ query, status }).toEqual({ query, status: 400 });
      expect(text).toContain(said);
    }
  });
});

test('who reads it is in it: at once, and counted', async () => {
  const reader = await aMember(client, 'viewer');
  const as = server.client(reader.token);
  for (let i = 0; i < 5; i++) await as.query(AUDIT);
  for (let i = 0; i < 3; i++) await exported('format=csv', as);
  await (await as.fetch('/v1/audit/chain')).text();
  const rows = await ask(
    server.databaseUrl,
    `select a.action, a.count, a.outcome, e.type from audit_log a join event_log e on e.id = a.event_id where a.actor = $1 order by a.id`,
    [reader.id],
  );
  expect(rows).toEqual([
    { action: 'audit.read', count: 1, outcome: 'done', type: 'io.tailrace.audit.read.v1' },
    { action: 'audit.exported', count: 1, outcome: 'done', type: 'io.tailrace.audit.exported.v1' },
  ]);
});

test('every invariant holds in the end', () => checkInvariants(server.databaseUrl));
