import { describe, expect, test } from 'vitest';
import { AddressRules } from '../http/address-rules.js';
import { parseAction } from './action.js';
import { parseControls, parseFilter, readFilter } from './trigger.js';

const event = 'dataset_version.validated';

describe('what a trigger listens to', () => {
  test('the form of before is taken and read', () => {
    expect(parseFilter({ event })).toEqual({ kind: 'event', event });
    const one = { kind: 'event', event, where: { field: 'data.datasetId', op: 'eq', value: 'd' } };
    expect(parseFilter({ event, equals: { datasetId: 'd' } })).toEqual(one);
    expect(readFilter({ event, equals: { datasetId: 'd' } })).toEqual(one);
    const { where } = readFilter({ event, equals: { datasetId: 'd', number: 2 } }) as unknown as { where: { and: unknown[] } };
    expect(where.and).toHaveLength(2);
  });

  test.each([
    [
      { kind: 'event', event, where: { field: 'data.size', op: 'gt', value: 1 } },
      /has no data\.size; there are data\.datasetId, data\.versionId/,
    ],
    [{ event, equals: { size: 1 } }, /has no data\.size/],
    [
      { kind: 'event', event, where: { field: 'data.rows.x', op: 'gt', value: 1 } },
      /has no data\.rows\.x; data\.rows has no fields/,
    ],
    [
      { kind: 'event', event, where: { field: 'subject.weather', op: 'eq', value: 1 } },
      /there are subject\.dataset, subject\.project/,
    ],
    [
      { kind: 'event', event: 'dataset_version.validated', where: { field: 'subject.drift.psi', op: 'gt', value: 0.2 } },
      /knows no subject\.drift\.psi; there are .*; drift is known from dataset_version\.compared on/,
    ],
    [
      { kind: 'event', event: 'dataset_version.created', where: { field: 'subject.rows', op: 'gt', value: 5 } },
      /knows no subject\.rows/,
    ],
    [
      { kind: 'event', event, where: { field: 'data.rows', op: 'eq', value: 'many' } },
      /data\.rows is a number, and "many" is none/,
    ],
    [
      { kind: 'event', event, where: { field: 'data.versionId', op: 'gt', value: 3 } },
      /gt compares numbers, and data\.versionId is a string/,
    ],
    [{ kind: 'event', event, where: { metric: 'loss', zscore: 3 } }, /needs the event run\.metrics_logged/],
    [{ kind: 'event', event: 'none' }, /filter\.event/],
    [{ kind: 'event', event, extra: 1 }, /extra/],
    [{ kind: 'incoming', where: { field: 'subject.x', op: 'exists' } }, /fields of its body only/],
    [{ kind: 'schedule', cron: '* * * *' }, /filter\.cron: a cron has five fields/],
    [{ kind: 'schedule', cron: '0 0 31 2 *' }, /this time never comes/],
    [{ kind: 'schedule', cron: '61 * * * *' }, /filter\.cron: Invalid value for minute/],
    [{ kind: 'schedule', cron: '* * * * *', timeZone: 'Mars/Olympus' }, /Mars\/Olympus is no time zone/],
    [null, /filter/],
  ])('%j is refused', (filter, message) => {
    expect(() => parseFilter(filter)).toThrow(message);
  });

  test('fields of records, lists and facts with open names', () => {
    const where = (part: object) => parseFilter({ kind: 'event', event: 'run.metrics_logged', where: part });
    expect(where({ field: 'data.metrics.val/loss', op: 'lt', value: 0.1 })).toBeDefined();
    expect(where({ field: 'subject.metric.val.loss', op: 'lt', value: 0.1 })).toBeDefined();
    expect(where({ metric: 'loss', change: { by: 0.2 } })).toMatchObject({
      where: { change: { by: 0.2, window: 5, direction: 'any' } },
    });
    expect(() => where({ field: 'subject.metric.', op: 'lt', value: 0.1 })).toThrow(/there are/);
    const started = {
      kind: 'event',
      event: 'run.started',
      where: { field: 'data.datasetVersionIds', op: 'contains', value: 'dsv_1' },
    };
    expect(parseFilter(started)).toBeDefined();
  });

  test('controls have their bounds', () => {
    const filter = parseFilter({ event });
    expect(parseControls({}, filter)).toEqual({ concurrency: 'queue', cooldownSeconds: 0, dedupe: null, maxHops: 8 });
    for (const [controls, message] of [
      [{ maxHops: 9 }, /maxHops/],
      [{ cooldownSeconds: -1 }, /cooldownSeconds/],
      [{ dedupe: { windowSeconds: 60, key: ['data.none'] } }, /has no data\.none/],
      [{ dedupe: { windowSeconds: 60, key: [] } }, /dedupe\.key/],
    ] as const)
      expect(() => parseControls(controls, filter)).toThrow(message);
    const schedule = parseFilter({ kind: 'schedule', cron: '0 3 * * *' });
    expect(() => parseControls({ dedupe: { windowSeconds: 1, key: ['data.x'] } }, schedule)).toThrow(/no data to tell/);
  });
});

describe('what a trigger does', () => {
  const url = (text: string) => new URL(text);

  test('an address is kept apart, and only its origin is told', () => {
    const given = { kind: 'notify_chat', url: 'https://hooks.example.com/services/T0/B0/key', text: 'new: {{data.number}}' };
    const { action, url: secret } = parseAction(given, url);
    expect(secret).toBe(given.url);
    expect(action).toEqual({ kind: 'notify_chat', text: given.text, to: 'https://hooks.example.com' });
    expect(parseAction({ kind: 'notify_chat', text: 'other' }, url, action)).toEqual({ action: { ...action, text: 'other' } });
    expect(() => parseAction({ kind: 'call_webhook' }, url, action)).toThrow(/action\.url: call_webhook needs the address/);
  });

  test('what is wrong with an address is said of action.url', () => {
    const rules = new AddressRules([]);
    const call = (url: string) => () => parseAction({ kind: 'call_webhook', url }, (text) => rules.checkedUrl(text));
    expect(call('http://example.com/')).toThrow(
      expect.objectContaining({ field: 'action.url', message: expect.stringMatching(/^action\.url: .*scheme/) }),
    );
    expect(call('https://10.0.0.1/')).toThrow(expect.objectContaining({ code: 'BAD_INPUT', field: 'action.url' }));
  });

  test('overrides are checked as the training spec has them', () => {
    const train = (overrides: unknown) => parseAction({ kind: 'start_training', templateId: 't', overrides }, url);
    expect(train({ training: { maxEpochs: 3 }, split: { train: 0.5 } })).toBeDefined();
    expect(() => train({ training: { maxEpoch: 3 } })).toThrow(/action\.overrides\.training/);
    expect(() => train({ training: { maxEpochs: -3 } })).toThrow(/action\.overrides\.training\.maxEpochs/);
    expect(() => train([])).toThrow(/action\.overrides/);
  });
});
