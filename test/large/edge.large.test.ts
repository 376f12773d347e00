import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  aDataset,
  aMember,
  ask,
  aTemplate,
  aToken,
  aVersion,
  checkInvariants,
  Client,
  GraphSocket,
  penguins,
  penguinsCsv,
  quickSpec,
  Refused,
  startPlatform,
  uniqueName,
  until,
  type Server,
} from '#testing';
import { everyMutation, routes, statusWith } from './edge-support.js';
import { costsSuite } from './edge-costs.js';
import { wallsSuite } from './edge-walls.js';

/** Open by intent: the IDE, and what a supervisor asks. */
/** Where messages come in that a signature speaks for. */
const SIGNED = `/v1/triggers/${'a'.repeat(64)}/incoming`;
const PUBLIC = [`/schemas/${'a'.repeat(64)}/1.json`, '/', '/ide/*', '/livez', '/readyz', '/metrics', SIGNED];
const EVENTS = 'subscription ($after: String) { events(after: $after) { sequence } }';

interface LogEntry {
  sequence: string;
  subject: string;
}

let server: Server;
let client: Client;
let data: { datasetId: string; versionId: string };

beforeAll(async () => {
  // What is not woken stays asleep: nothing but the tests speaks to the database.
  const env = {
    TAILRACE_POLL_MS: '15000',
    TAILRACE_SWEEP_SECONDS: '600',
    TAILRACE_LEASE_SECONDS: '60',
    TAILRACE_HEARTBEAT_SECONDS: '20',
  };
  server = await startPlatform({ env });
  client = server.client();
  data = await penguins(client);
});
afterAll(() => server?.stop());

const codeOf = (error: unknown) => (error instanceof Refused ? error.code : error);

describe('who may come in', () => {
  test('nobody without a token: GraphQL, introspection, the WebSocket and every route', async () => {
    const anonymous = new Client(server.url);
    for (const query of [
      '{ datasets { edges { node { id } } } }',
      '{ __schema { types { name } } }',
      '{ serverInfo { version } }',
      'mutation { revokeToken(tokenId: "x") { tokenId } }',
    ]) {
      const answer = await anonymous.graphql(query);
      expect({ query, status: answer.status, code: answer.errors?.[0]?.extensions?.code, data: answer.data ?? null }).toEqual({
        query,
        status: 401,
        code: 'UNAUTHENTICATED',
        data: null,
      });
    }
    await expect(anonymous.socket()).rejects.toThrow('close 4403');
    const all = routes();
    expect(all.length).toBeGreaterThan(15);
    expect(
      all
        .filter(({ isPublic }) => isPublic)
        .map(({ path }) => path)
        .sort(),
    ).toEqual([...PUBLIC].sort());
    for (const { method, path } of all.filter(({ isPublic }) => !isPublic)) {
      // An empty body that is called JSON is refused before anybody is asked for.
      const body = method === 'PUT' || method === 'POST' ? '{}' : undefined;
      const headers: Record<string, string> = body ? { 'content-type': 'application/json' } : {};
      const { status } = await anonymous.fetch(path, { method, body, headers });
      expect({ method, path, status }).toEqual({ method, path, status: 401 });
    }
    expect((await anonymous.fetch(SIGNED, { method: 'POST', body: '{}' })).status).toBe(401);
  });

  test('a viewer may change nothing: every mutation of the schema', async () => {
    const viewer = server.client((await aMember(client, 'viewer')).token);
    const mutations = everyMutation();
    expect(mutations.length).toBeGreaterThan(15);
    // Tokens of one's own are everybody's.
    const own = ['createToken', 'revokeToken'];
    expect(mutations.filter(({ name }) => own.includes(name))).toHaveLength(own.length);
    for (const { name, query, variables } of mutations.filter((mutation) => !own.includes(mutation.name))) {
      const { data: payload, errors } = await viewer.graphql(query, variables);
      expect({
        name,
        code: errors?.[0]?.extensions?.code,
        payload: payload ?? null,
        message: errors?.[0]?.message,
      }).toMatchObject({ name, code: 'FORBIDDEN', payload: null });
    }
    expect((await viewer.put('a'.repeat(64), 'x')).status).toBe(403);
    const { id } = await aMember(client, 'viewer');
    const forOther = aToken(viewer, id).catch((error: unknown) => error);
    expect(codeOf(await forOther)).toBe('FORBIDDEN');
  });

  test('an editor of one project may not write in another', async () => {
    const editor = server.client((await aMember(client, 'editor', { project: '/mine' })).token);
    const create =
      'mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { dataset { id } userErrors { code message } } }';
    expect(codeOf(await editor.mutate(create, { name: uniqueName('theirs') }).catch((error: unknown) => error))).toBe(
      'FORBIDDEN',
    );
    await editor.mutate(create, { name: uniqueName('mine'), project: '/mine/own' });
    const { datasets } = await editor.query<{ datasets: { edges: { node: { project: string } }[] } }>(
      '{ datasets { edges { node { project } } } }',
    );
    expect(datasets.edges.map(({ node }) => node.project)).toEqual(['/mine/own']);
  });

  test('a token that is expired or revoked is none', async () => {
    const { id } = await aMember(client, 'editor');
    const [expired, revoked] = [await aToken(client, id, { ttlDays: 1 }), await aToken(client, id)];
    const ask401 = async (token: string) => (await server.client(token).graphql('{ me { id } }')).status;
    expect(await ask401(expired.token)).toBe(200);
    await ask(server.databaseUrl, `update token set expires_at = now() - interval '1 second' where id = $1`, [expired.tokenId]);
    await client.query('mutation ($id: ID!) { revokeToken(tokenId: $id) { tokenId userErrors { code } } }', {
      id: revoked.tokenId,
    });
    expect([await ask401(expired.token), await ask401(revoked.token)]).toEqual([401, 401]);
  });

  test('foreign Host and foreign Origin: 403, on HTTP and on the upgrade', async () => {
    const authorization = `Bearer ${server.token}`;
    expect(await statusWith(`${server.url}/livez`, { authorization })).toBe(200);
    expect(await statusWith(`${server.url}/livez`, { origin: server.url })).toBe(200);
    for (const headers of <Record<string, string>[]>[
      { host: 'evil.example' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
    ]) {
      for (const path of ['/graphql', '/livez', '/v1/blobs/x', '/v2/models', '/'])
        expect({
          path,
          headers,
          status: await statusWith(server.url + path, { authorization, ...headers }),
        }).toMatchObject({ status: 403 });
      await expect(GraphSocket.open(server.url, server.token, headers)).rejects.toThrow('HTTP 403');
    }
  });
});

describe('what is sent', () => {
  test('a body that is too large is refused by its size', async () => {
    expect((await client.graphql(`{ me { id } } #${'x'.repeat(3 * 2 ** 20)}`)).status).toBe(413);
  });

  test('an unknown field is named', async () => {
    const { status, errors } = await client.graphql('{ datasets { edges { node { nonsense } } } }');
    expect({ status, message: errors?.[0]?.message }).toMatchObject({
      status: 400,
      message: expect.stringContaining('"nonsense"') as unknown,
    });
  });

  test.each([
    ['a time', 'audit(where: { from: "garbage" }) { edges { node { id } } }', /a time is written as 2026-01-31T12:00:00Z/],
    ['a time', 'runs(where: { startedAt: { to: "2026-02-30T00:00:00Z" } }) { edges { node { id } } }', /a time is written as/],
    [
      'a text',
      'models(where: { name: "a\\u0000b" }) { edges { node { id } } }',
      /a text holds a character that cannot be stored/,
    ],
    ['a text', 'triggers(name: "a\\u0000b") { edges { node { id } } }', /a text holds a character that cannot be stored/],
  ])('%s that is none, in %s, is said to be wrong', async (_what, field, message) => {
    await expect(client.query(`{ ${field} }`)).rejects.toThrow(message);
  });

  test('a file that is not what its name promises is refused, and nothing of it is kept', async () => {
    const kept = async () => (await readdir(join(server.home, 'blobs'), { recursive: true })).length;
    const before = await kept();
    const sha256 = createHash('sha256').update('promised').digest('hex');
    const response = await client.put(sha256, 'something else');
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ error: { code: 'BLOB_MISMATCH' } });
    expect((await client.fetch(`/v1/blobs/${sha256}`, { method: 'HEAD' })).status).toBe(404);
    expect(await kept()).toBe(before);
    expect(await ask(server.databaseUrl, 'select 1 from blob where sha256 = $1', [sha256])).toEqual([]);
  });

  test('a malformed row makes the version INVALID and is named by line, column and reason', async () => {
    const lines = penguinsCsv().trimEnd().split('\n');
    lines[9] = `${lines[9]},surplus`;
    lines[19] = lines[19]!.replace(/,[^,]*$/, '');
    const version = await aVersion(client, await aDataset(client), `${lines.join('\n')}\n`);
    expect(version.state).toBe('INVALID');
    expect(version.reason).toMatch(/^line 10 has 8 columns instead of 7/);
    const errors = version.findings.filter(({ severity }) => severity === 'error');
    expect(errors.map(({ line }) => line)).toEqual([10, 20]);
    expect(errors[1]!.message).toBe('line 20 has 6 columns instead of 7; "Sex" is the first that is missing');
  });

  test('a column that is text because of one value is warned of, with its line', async () => {
    const text = penguinsCsv().replace(',39.1,', ',thirty-nine,');
    const version = await aVersion(client, await aDataset(client), text);
    expect(version.state).toBe('VALIDATED');
    expect(version.findings).toContainEqual({
      severity: 'warning',
      line: 2,
      column: 'Beak Length (mm)',
      message: expect.stringContaining('"thirty-nine" on line 2') as unknown,
    });
  });

  test('types that differ from the parent make the version INVALID', async () => {
    const datasetId = await aDataset(client);
    await aVersion(client, datasetId, 'size,colour\n1,red\n2,green\n3,red\n');
    const second = await aVersion(client, datasetId, 'size,colour\nsmall,red\nlarge,green\nlarge,red\n');
    expect(second).toMatchObject({ state: 'INVALID', number: 2 });
    expect(second.reason).toMatch(/size.*number.*text|size.*text.*number/);
  });

  test('a template with a column that the data do not have names it and those there are', async () => {
    const error = await aTemplate(client, { datasetId: data.datasetId, spec: { ...quickSpec(), label: 'Nonsense' } }).catch(
      (refusal: unknown) => refusal,
    );
    expect(codeOf(error)).toBe('BAD_SPEC');
    expect(String(error)).toMatch(/"Nonsense".*"Species"/);
  });
});

describe('the limits of an operation', () => {
  const deep = (levels: number): string => (levels === 0 ? 'id' : `newestVersion { dataset { ${deep(levels - 1)} } }`);
  const HUGE: Record<string, string> = {
    depth: `query { datasets(first: 1) { edges { node { ${deep(6)} } } } }`,
    aliases: `query { me { ${Array.from({ length: 16 }, (_, i) => `a${i}: id`).join(' ')} } }`,
    rootFields: `query { ${Array.from({ length: 11 }, (_, i) => `${i ? `x${i}: ` : ''}me { id }`).join(' ')} }`,
    cost: 'query { experiments(first: 100) { edges { node { runs(first: 100) { edges { node { id } } } } } } }',
  };
  for (const [what, query] of Object.entries(HUGE))
    test(`${what}: the same over HTTP and over the WebSocket`, async () => {
      const overHttp = await client.graphql(query);
      expect(overHttp.errors?.map(({ message }) => message).join()).toContain(`the operation has ${what}`);
      expect(overHttp.data ?? null).toBeNull();
      const socket = await client.socket();
      const overSocket = await socket.run(query);
      expect(overSocket.errors.map(({ message }) => message).join()).toContain(`the operation has ${what}`);
      expect(overSocket.values).toEqual([]);
      socket.drop();
    });
});

describe('the event log', () => {
  test('a subscriber goes on after its last sequence across dropped sockets, without gap or duplicate', async () => {
    const seen: string[] = [];
    const made: string[] = [];
    const make = async () => void made.push(await aDataset(client));
    const making = (async () => {
      for (let i = 0; i < 24; i++) await make();
    })();
    const log = async () => (await client.query<{ events: LogEntry[] }>('{ events(first: 1000) { sequence subject } }')).events;
    for (let drops = 0; drops < 4; drops++) {
      const socket = await client.socket();
      const { values } = socket.start<{ sequence: string }>(EVENTS, { after: seen.at(-1) ?? '0' });
      await until('some events came', async () => values.length > 3, 10_000, 2);
      socket.drop();
      seen.push(...values.map(({ sequence }) => sequence));
      if (drops === 0) continue;
      for (let i = 0; i < 5; i++) await make();
    }
    await making;
    await until('the relay has numbered all that was made', async () => {
      const subjects = new Set((await log()).map(({ subject }) => subject));
      return made.every((id) => subjects.has(`dataset/${id}`));
    });
    const last = await client.socket();
    const { values } = last.start<{ sequence: string }>(EVENTS, { after: seen.at(-1)! });
    const expected = (await log()).map(({ sequence }) => sequence);
    await until('it has caught up', async () => seen.length + values.length >= expected.length, 10_000);
    last.drop();
    const received = [...seen, ...values.map(({ sequence }) => sequence)];
    expect(received.slice(0, expected.length)).toEqual(expected);
  });

  test('a cursor that is older than the log is told to load the state anew', async () => {
    await ask(server.databaseUrl, 'update relay_state set pruned_through = 5');
    try {
      expect((await client.graphql('{ events(after: "3") { sequence } }')).errors?.[0]?.extensions?.code).toBe('RESYNC');
      const socket = await client.socket();
      expect((await socket.run(EVENTS, { after: '3' })).errors[0]?.extensions?.code).toBe('RESYNC');
      const fresh = socket.start<{ sequence: string }>(EVENTS, { after: '5' });
      await until('a cursor that is young enough goes on', async () => fresh.values.length > 0, 10_000);
      expect(fresh.values[0]!.sequence).toBe('6');
      socket.drop();
    } finally {
      await ask(server.databaseUrl, 'update relay_state set pruned_through = 0');
    }
  });
});

wallsSuite(() => ({ server, client, data }));
costsSuite(() => ({ server, client, data }));

test('every invariant holds in the end', () => checkInvariants(server.databaseUrl));
