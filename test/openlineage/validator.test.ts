import { describe, expect, it } from 'vitest';
import { LineageWriter } from '#contracts';
import { facetsIn, faultsOf } from './validator.js';

const write = new LineageWriter({ publicUrl: 'https://tailrace.example', workspace: 'default' });
const RUN = '0197c2a0-0000-7000-8000-000000000001';
const event = (facets: object = { tags: [{ key: 'a', value: 'b' }] }, runId = RUN) =>
  write.runEvent(new Date(0), 'START', write.run(runId, { tags: facets }), write.job({ project: '/', name: 'template/a' }));

describe('the schemas of OpenLineage', () => {
  it('take what is right, with each facet', () => {
    expect(faultsOf(event())).toEqual([]);
    expect(facetsIn(event()).map(([key]) => key)).toEqual(['tags']);
  });

  it.each([
    ['a run id that is no UUID', event(undefined, 'run_1'), '/run/runId must match format "uuid"'],
    [
      'a facet that lacks what it must have',
      event({ tags: [{ key: 'a' }] }),
      "tags: /tags/0 must have required property 'value'",
    ],
    [
      'a facet under the key of another',
      { ...event(), job: { ...event().job, facets: { other: facetsIn(event())[0]![1] } } },
      'other is no facet of',
    ],
    ['an event without its job', { ...event(), job: undefined }, "must have required property 'job'"],
    [
      'a kind that there is not',
      { ...event(), schemaURL: 'https://openlineage.io/spec/2-0-1/OpenLineage.json' },
      'no event of 2-0-2',
    ],
  ])('refuse %s', (_name, wrong, fault) => {
    expect(faultsOf(JSON.parse(JSON.stringify(wrong))).join()).toContain(fault);
  });
});
