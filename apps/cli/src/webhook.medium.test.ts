import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { penguinsFile } from './demo/penguins.js';
import { Bench } from './testing.js';

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.start();
}, 90_000);
afterAll(() => bench?.stop());

it(
  'makes a webhook, shows it, turns its secret, tries it, turns it off and on, and replays what did not arrive',
  { timeout: 90_000 },
  async () => {
    const made = await bench.cli('webhook create told https://receiver.invalid/hook --type dataset.* --order-window 5');
    expect(made).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^told {2}whk_\w+ {2}signed by {2}whsec_\S+\n$/),
      err: expect.stringContaining('not shown again'),
    });
    expect(await bench.cli('webhook create told https://receiver.invalid/hook --type dataset.exploded')).toMatchObject({
      code: 2,
      err: expect.stringContaining('dataset.exploded'),
    });
    const lineage = await bench.cli(
      'webhook create marquez https://receiver.invalid/api/v1/lineage --form openlineage --type *',
      {
        env: { TAILRACE_BEARER_TOKEN: 'key-1' },
      },
    );
    expect(lineage).toMatchObject({ code: 0, out: expect.not.stringContaining('key-1') });
    expect((await bench.cli('webhook show marquez')).out).toMatch(/form +openlineage[^]*bearer token +yes/);
    expect(await bench.cli('webhook create no https://receiver.invalid/ --form openlineage --type member.*')).toMatchObject({
      code: 2,
      err: expect.stringContaining('no words for member.*'),
    });
    expect((await bench.cli('webhook list')).out).toMatch(
      /told +whk_\w+ +cloudevents +dataset\.\* +https:\/\/receiver\.invalid\/hook +active/,
    );
    expect((await bench.cli('webhook show told')).out).toMatch(/order window +5 s/);
    expect(await bench.cli('webhook show none')).toMatchObject({ code: 3, err: expect.stringContaining('webhook list') });
    expect((await bench.cli('webhook rotate told --grace-hours 1')).out).toMatch(/signed by {2}whsec_/);
    expect((await bench.cli('webhook show told')).out).toMatch(/old secret until/);
    expect(await bench.cli('webhook test told')).toMatchObject({ code: 1, out: expect.stringContaining('not delivered') });
    await bench.json(['dataset', 'upload', 'tell', penguinsFile()]);
    await vi.waitFor(
      async () => {
        const rows = await bench.json<{ type: string; attempts: number }[]>('webhook deliveries told');
        expect(rows.some(({ type, attempts }) => type === 'dataset.created' && attempts > 0)).toBe(true);
      },
      { timeout: 30_000, interval: 300 },
    );
    expect((await bench.cli('webhook disable told')).out).toBe('told  disabled\n');
    expect(await bench.cli('webhook replay told --state failed')).toMatchObject({ code: 5, err: expect.stringContaining('off') });
    expect((await bench.cli('webhook update told --name tales --to https://other.invalid/ --type model.*')).out).toMatch(
      /webhook +tales\n(.*\n)*types +model\.\*\n(.*\n)*to +https:\/\/other\.invalid\/\n/,
    );
    expect(await bench.cli('webhook update tales')).toMatchObject({ code: 2, err: expect.stringContaining('nothing to change') });
    await bench.json('webhook update tales --name told --type dataset.*');
    expect(await bench.cli('webhook replay told --from 5 --to 1')).toMatchObject({
      code: 2,
      err: expect.stringContaining('toSequence 1 comes before fromSequence 5'),
    });
    expect((await bench.cli('webhook enable told')).out).toBe('told  active\n');
    expect((await bench.cli('webhook replay told --state failed')).out).toMatch(/^whr_\w+ {2}0 deliveries\n$/);
    expect(await bench.cli('webhook replay told')).toMatchObject({ code: 2, err: expect.stringContaining('say which') });
    expect((await bench.cli('webhook delete told')).out).toBe('told  deleted\n');
    expect(await bench.cli('webhook show told')).toMatchObject({ code: 3 });
  },
);
