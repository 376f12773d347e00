import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { penguinsFile } from './demo/penguins.js';
import { Bench } from './testing.js';

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.start();
});
afterAll(() => bench?.stop());

describe('words, data and exit codes', () => {
  it('writes data to stdout and words to stderr', async () => {
    const file = join(bench.root, 'small.csv');
    await writeFile(file, 'a,b\n1,x\n2,y\n,z\n');
    const first = await bench.cli(['dataset', 'upload', 'small', file]);
    expect(first).toMatchObject({
      code: 0,
      out: 'small version 1  VALIDATED  3 rows, 2 columns\n',
      err: 'small version 1: 15 B sent\n',
    });
    const again = await bench.json<Record<string, unknown>>(['dataset', 'upload', 'small', file]);
    expect(again).toMatchObject({ dataset: 'small', number: 1, state: 'VALIDATED', created: false, sent: false, findings: [] });
    expect((await bench.cli('dataset list')).out).toMatch(/^NAME .*\nsmall  \/ +1 +VALIDATED +3 /);
    const shown = await bench.cli('dataset show small');
    expect(shown.out).toMatch(/a +number +1 +2 +1 +1\.5 +1\.5 +0\.5 +2 +-\n/);
    expect(shown.out).not.toContain('\u001b');
    expect(await bench.json('dataset show small')).toMatchObject({
      name: 'small',
      versions: [{ number: 1, profile: { rows: 3 } }],
    });
  });

  it('withdraws a version, with a reason, once', async () => {
    const file = join(bench.root, 'wrong.csv');
    await writeFile(file, 'a,b\n1,x\n2,y\n');
    await bench.cli(['dataset', 'upload', 'wrong', file]);
    const retract = ['dataset', 'retract', 'wrong@1', '--reason', 'the labels were swapped'];
    expect(await bench.cli(retract)).toEqual({ code: 0, out: 'wrong version 1  RETRACTED: the labels were swapped\n', err: '' });
    expect(await bench.cli(retract)).toMatchObject({ code: 5, err: expect.stringMatching(/version 1 is RETRACTED already/) });
    expect((await bench.cli('dataset show wrong')).out).toContain('version 1 is RETRACTED: the labels were swapped');
    expect(await bench.cli(['dataset', 'upload', 'wrong', file])).toMatchObject({
      code: 5,
      err: expect.stringMatching(/the content of version 1, which was retracted/),
    });
  });

  it('prints the findings of an invalid version, and exits with 1', async () => {
    const file = join(bench.root, 'broken.csv');
    await writeFile(file, 'a,b\n1,2\n1,2,3\n');
    const { code, out, err } = await bench.cli(['dataset', 'upload', 'broken', file]);
    expect(code).toBe(1);
    expect(out).toMatch(/broken version 1 {2}INVALID/);
    expect(out).toMatch(/line 3.*: error: .*\[\w+\]/);
    expect(err).toMatch(/error: broken version 1 is INVALID: /);
  });

  it.each([
    ['dataset list --bogus', {}, 2, /^error: Nonexistent flag: --bogus/],
    ['dataset show', {}, 2, /^error: Missing 1 required arg: name/],
    ['run list --status ended', {}, 2, /^error: --status: must be one of running/],
    ['datset list', {}, 2, /did you mean `tailrace dataset list`/],
    ['dataset retract wrong --reason labels', {}, 2, /must be NAME@NUMBER/],
    ['dataset retract none@1 --reason labels', {}, 3, /there is no data set "none"/],
    ['dataset show none', {}, 3, /^error: there is no data set "none"/],
    ['run show run_0', {}, 3, /^error: there is no run run_0/],
    ['model promote none 1 --to production', {}, 3, /^error: there is no model "none"/],
    ['model approve req_00000000000000000000000000000000', {}, 3, /^error: /],
    ['dead replay none evt_0', {}, 3, /^error: /],
    ['predict none --data none.csv', {}, 3, /none.csv cannot be read/],
    ['events tail --after x --no-follow', {}, 2, /^error: after must be the sequence/],
    ['events tail --after x', {}, 2, /^error: after must be the sequence/],
    ['events tail --type nothing.happened', {}, 2, /neither an event type, such as .* nor a pattern/],
    ['dataset list', { TAILRACE_TOKEN: 'trl_wrong' }, 4, /sign in with `tailrace login`/],
    ['dataset list', { TAILRACE_URL: 'http://127.0.0.1:9' }, 4, /there is no token for http:\/\/127.0.0.1:9/],
    ['dataset list', { TAILRACE_URL: 'http://127.0.0.1:9', TAILRACE_TOKEN: 'x' }, 7, /^error: no server answers at/],
    ['events tail', { TAILRACE_HOME: '/nowhere' }, 7, /^error: no server is known: start one with/],
  ])('%s %o exits with %i', async (line, env, code, message) => {
    const ended = await bench.cli(line, { env });
    expect(ended).toMatchObject({ code, out: '', err: expect.stringMatching(message) });
    expect(ended.err.trim().split('\n')).toHaveLength(1);
  });

  it('shows help without a server', async () => {
    const { code, out, err } = await bench.cli('help model promote', { env: { TAILRACE_HOME: '/nowhere' } });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/USAGE\n {2}\$ tailrace model promote NAME VERSION/);
  });
});

describe('members and tokens', () => {
  it('makes a token that login keeps', async () => {
    expect(await bench.json('member add ada --role viewer')).toMatchObject({
      name: 'ada',
      grants: [{ path: '/', role: 'viewer' }],
    });
    expect(await bench.cli('member add ada --role viewer')).toMatchObject({ code: 5, err: expect.stringMatching(/^error: /) });
    const { out, err } = await bench.cli('token create --member ada --scope read --ttl-days 1');
    expect(out).toMatch(/^trl_\S+\n$/);
    expect(err).toContain('keep it now');
    expect(await bench.cli(`login --url ${bench.platform.url}`, { stdin: out })).toMatchObject({
      code: 0,
      out: expect.stringContaining('viewer of /'),
    });
    const file = join(bench.root, 'config', 'tailrace', 'credentials.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, 'utf8')).toContain(out.trim());
    const elsewhere = { TAILRACE_HOME: join(bench.root, 'nothing') };
    expect(await bench.cli('dataset list', { env: elsewhere })).toMatchObject({ code: 0 });
    expect(await bench.cli('member add eve --role admin', { env: elsewhere })).toMatchObject({
      code: 4,
      err: expect.stringContaining('permission'),
    });
    expect(await bench.cli(`login --url ${bench.platform.url}`, { stdin: 'trl_wrong' })).toMatchObject({ code: 4 });
  });
});

describe('the rest', () => {
  it('looks at the machine and the platform', async () => {
    const checks = await bench.json<{ level: string; what: string }[]>('doctor');
    const levels = Object.fromEntries(checks.map(({ what, level }) => [what, level]));
    expect(levels).toMatchObject({
      'Node.js': 'ok',
      home: 'ok',
      PostgreSQL: 'ok',
      'backend wasm': 'ok',
      platform: 'ok',
      relay: 'ok',
      'dead jobs': 'ok',
      training: 'ok',
      triggers: 'ok',
    });
    const without = await bench.cli('doctor', {
      env: { TAILRACE_HOME: join(bench.root, 'new'), XDG_CONFIG_HOME: join(bench.root, 'none') },
    });
    expect(without).toMatchObject({ code: 0, out: expect.stringMatching(/warn {2}platform +none runs here/) });
    const bad = await bench.cli('doctor', { env: { TAILRACE_PORT: 'x' } });
    expect(bad).toMatchObject({ code: 1, out: expect.stringMatching(/fail {2}environment .*TAILRACE_PORT/) });
  });

  it('makes a trigger, pauses it, tries it on what was, and replays what it did', { timeout: 90_000 }, async () => {
    await bench.json(['dataset', 'upload', 'before', penguinsFile()]);
    const file = join(bench.root, 'trigger.json');
    const filter = { kind: 'event', event: 'dataset.created' };
    const action = { kind: 'call_webhook', url: 'https://receiver.invalid/a-key' };
    await writeFile(file, JSON.stringify({ filter, action, cooldownSeconds: 3600, concurrency: 'SKIP' }));
    const dry = await bench.cli(`trigger dry-run --from ${file}`);
    expect(dry).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^TIME .*\n.*dataset\/dst_\w+ +FIRED/),
      err: expect.stringMatching(/of the last \d+ events/),
    });
    const made = await bench.cli(`trigger create told --from ${file}`);
    expect(made).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^told {2}trg_\w+ {2}dataset\.created -> call_webhook\n.*whsec_/),
    });
    expect(await bench.cli(`trigger create told --from ${file}`)).toMatchObject({
      code: 5,
      err: expect.stringContaining('named told already'),
    });
    expect((await bench.cli('trigger show told')).out).toMatch(
      /does +\{"to":"https:\/\/receiver\.invalid","kind":"call_webhook"\}/,
    );
    await bench.json(['dataset', 'upload', 'tell', penguinsFile()]);
    const execution = await vi.waitFor(
      async () => {
        const rows = await bench.json<{ id: string; state: string }[]>('trigger executions told --state failed');
        expect(rows).toHaveLength(1);
        return rows[0]!;
      },
      { timeout: 30_000, interval: 300 },
    );
    expect(await bench.json(`trigger replay ${execution.id}`)).toMatchObject({ replayOf: { id: execution.id } });
    expect((await bench.cli('trigger pause told')).out).toBe('told  paused\n');
    expect(await bench.cli(`trigger replay ${execution.id}`)).toMatchObject({ code: 5, err: expect.stringContaining('paused') });
    expect((await bench.cli('trigger list')).out).toMatch(/told +\/ +dataset\.created +call_webhook +paused/);
    expect((await bench.cli('trigger resume told')).out).toBe('told  on\n');
    expect(await bench.cli('trigger show none')).toMatchObject({ code: 3, err: expect.stringContaining('trigger list') });
    await writeFile(file, JSON.stringify({ filter: { kind: 'schedule', cron: '0 3 * * *' }, action }));
    expect((await bench.cli(`trigger dry-run --from ${file}`)).out.match(/^next /gm)).toHaveLength(5);
  });

  it('lists nothing as nothing, and shows lineage', async () => {
    expect(await bench.json('dead list')).toEqual([]);
    expect(await bench.json('model list')).toEqual([]);
    const { versions } = await bench.json<{ versions: { id: string }[] }>('dataset show small');
    const { out } = await bench.cli(`lineage ${versions[0]!.id}`);
    expect(out).toMatch(/^dataset version .*\n[├└]─ /);
    expect((await bench.cli(`lineage ${versions[0]!.id} --format dot`)).out).toMatch(/^digraph lineage \{/);
    expect(await bench.json(`lineage ${versions[0]!.id}`)).toMatchObject({ root: versions[0]!.id, truncated: false });
  });

  it('exports lineage as OpenLineage and as it is, an answer and all of it', async () => {
    const events = (text: string) =>
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as { dataset?: { name: string } });
    const { versions } = await bench.json<{ versions: { id: string }[] }>('dataset show small');
    const part = await bench.cli(`lineage ${versions[0]!.id} --format openlineage`);
    expect(events(part.out).map(({ dataset }) => dataset?.name)).toEqual(['dataset/small', 'dataset/small']);
    const whole = await bench.cli('lineage export --format openlineage');
    expect(events(whole.out).map(({ dataset }) => dataset?.name)).toContain('dataset/small');
    const file = join(bench.root, 'graph.ndjson');
    expect(await bench.cli(['lineage', 'export', '--format', 'json', '--output', file])).toMatchObject({ code: 0, out: '' });
    expect(await readFile(file, 'utf8')).toContain(versions[0]!.id);
    expect(await bench.cli('lineage export --format turtle')).toMatchObject({ code: 2 });
  });

  it('answers the questions to the graph, and builds it anew', async () => {
    const { id, versions } = await bench.json<{ id: string; versions: { id: string }[] }>('dataset show small');
    const version = versions[0]!.id;
    const kinds = await bench.json<{ nodes: { kind: string }[] }>(`lineage ${version} --kind dataset --depth 3`);
    expect(kinds.nodes.map(({ kind }) => kind).sort()).toEqual(['dataset', 'dataset_version']);
    expect(await bench.cli(`lineage ${version} --until 2001-01-01`)).toMatchObject({ code: 3 });
    expect(await bench.cli(`lineage ${version} --until yesterday`)).toMatchObject({ code: 2 });
    expect((await bench.cli(`lineage path ${version} ${id}`)).out).toMatch(/^dataset version .*\n└─ version of: dataset small/);
    expect((await bench.cli(`lineage impact ${version}`)).out).toMatch(/^IN PRODUCTION +WHAT +ID/);
    expect(await bench.json(`lineage retrain ${version}`)).toEqual({ items: [], truncated: false });
    expect(await bench.json('lineage invalid')).toMatchObject({ truncated: false });
    expect(await bench.json('lineage rebuild --check')).toMatchObject({ differing: 0, changed: false });
    expect((await bench.cli('lineage rebuild')).out).toMatch(/^changed +no$/m);
  });

  it('backs up and restores', async () => {
    const dir = join(bench.root, 'backup');
    const made = await bench.json<{ tables: number; rows: number }>(['backup', dir]);
    const back = await bench.json<{ tables: number; rows: number }>(['restore', dir, '--home', join(bench.root, 'restored')]);
    expect(back).toMatchObject({ tables: made.tables, rows: made.rows });
    expect(await bench.cli(['restore', dir, '--home', join(bench.root, 'restored')])).toMatchObject({
      code: 1,
      err: expect.stringContaining('is not empty'),
    });
  });

  it('says how the platform could not start', async () => {
    expect(await bench.cli('up --port 0')).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('a platform runs on'),
    });
  });
});
