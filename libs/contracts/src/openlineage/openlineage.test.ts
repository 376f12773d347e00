import { describe, expect, it } from 'vitest';
import { marked } from './facets.js';
import { lineageName, lineageNamespace, stretchId, uuidOf } from './names.js';
import { LineageWriter } from './writer.js';

const home = { publicUrl: 'https://tailrace.example:8443/base', workspace: 'default' };
const RUN = '0197c2a0-0000-7000-8000-000000000001';

describe('names', () => {
  it('are those of the installation, the workspace and the project, and tell kinds apart', () => {
    expect(lineageNamespace(home, '/')).toBe('tailrace://tailrace.example:8443/default');
    expect(lineageNamespace(home, '/birds/small')).toBe('tailrace://tailrace.example:8443/default/birds/small');
    expect([lineageName('dataset', 'churn'), lineageName('model', 'churn', 'stage', 'production')]).toEqual([
      'dataset/churn',
      'model/churn/stage/production',
    ]);
  });
});

describe('ids of runs', () => {
  it('are the UUID that an id holds, with its prefix or without', () => {
    expect(uuidOf('run_0197c2a0000070008000000000000001')).toBe(RUN);
    expect(uuidOf('0197c2a0000070008000000000000001')).toBe(RUN);
  });

  // As Python's uuid.uuid5(uuid.NAMESPACE_URL, 'tailrace:…') says.
  it('are made of any other text', () => {
    expect(uuidOf('a run of another server')).toBe('8e8d9b13-f2f7-581f-ab9c-186d7f1b1578');
  });

  it('are others once a run goes on, the same each time', () => {
    expect(stretchId('run_0197c2a0000070008000000000000001', 0)).toBe(RUN);
    expect(stretchId('run_0197c2a0000070008000000000000001', 2)).toBe('01dde649-754c-573f-b591-548a38907808');
  });
});

describe('facets', () => {
  it('bear their producer and released schema, and what is undefined is none', () => {
    expect(
      marked('job', { jobType: { integration: 'TAILRACE' }, sourceCodeLocation: undefined }, 'https://tailrace.example'),
    ).toEqual({
      jobType: {
        _producer: 'https://tailrace.example',
        _schemaURL: 'https://openlineage.io/spec/facets/2-0-4/JobTypeJobFacet.json#/$defs/JobTypeJobFacet',
        integration: 'TAILRACE',
      },
    });
    expect(marked('run', { errorMessage: undefined }, 'x')).toBeUndefined();
  });
});

describe('events', () => {
  const write = new LineageWriter(home);
  const job = write.job({ project: '/', name: 'template/a' });

  it('name both ends, also those that are empty, and their kind', () => {
    expect(write.runEvent(new Date(0), 'START', write.run(RUN), job)).toEqual({
      eventType: 'START',
      eventTime: '1970-01-01T00:00:00.000Z',
      producer: home.publicUrl,
      schemaURL: 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent',
      run: { runId: RUN },
      job: { namespace: 'tailrace://tailrace.example:8443/default', name: 'template/a' },
      inputs: [],
      outputs: [],
    });
    expect(write.jobEvent(new Date(0), job).schemaURL).toContain('JobEvent');
    expect(write.datasetEvent(new Date(0), write.dataset({ project: '/', name: 'dataset/a' }))).not.toHaveProperty('job');
  });
});
