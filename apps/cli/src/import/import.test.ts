import { describe, expect, it } from 'vitest';
import type { ModelVersion } from '../mlflow/messages.js';
import { runPrint } from './prints.js';
import { sourceAccess } from './source-access.js';
import { sourcesOf } from './versions.js';

const run = '0123456789abcdef0123456789abcdef';
const ids = {
  run: (id: string) => (id === run ? 'here' : undefined),
  model: (id: string) => (id === 'm-1' ? 'm-here' : undefined),
};
const version = (source: string, more: object = {}): ModelVersion => ({ name: 'm', version: '1', source, ...more });

describe('where the files of a version are', () => {
  it.each([
    ['models:/m-1', 'models:/m-here'],
    [`runs:/${run}/model`, 'runs:/here/model'],
    [`s3://bucket/1/${run}/artifacts/model/x`, 'runs:/here/model/x'],
    [`/data/mlruns/1/${run}/artifacts`, 'runs:/here'],
    ['s3://elsewhere/model', 's3://elsewhere/model'],
    ['models:/m-unknown', 'models:/m-unknown'],
  ])('%s', (source, first) => {
    expect(sourcesOf(version(source), undefined, undefined, ids)[0]).toBe(first);
  });
});

it('prints of runs do not depend on the order of lists', () => {
  const one = (tags: { key: string; value: string }[]) =>
    runPrint({ info: { run_id: 'a', experiment_id: '1' }, data: { tags } }, []);
  const [a, b] = [
    { key: 'a', value: '1' },
    { key: 'b', value: '2' },
  ];
  expect(one([a!, b!])).toBe(one([{ value: '2', key: 'b' }, a!]));
  expect(one([a!])).not.toBe(one([a!, b!]));
});

describe('the source', () => {
  it('is named without credentials', () => {
    expect(sourceAccess({ url: 'https://ada:pass%20word@host:5000/base/' }, {})).toEqual({
      url: 'https://host:5000/base',
      name: 'the source https://host:5000/base',
      authorization: `Basic ${Buffer.from('ada:pass word').toString('base64')}`,
    });
    expect(() => sourceAccess({ url: 'ftp://ada:secret@host' }, {})).toThrow(/^--url must be .*"ftp:\/\/host"$/);
  });

  it('takes credentials from flags before the environment', () => {
    const env = { MLFLOW_TRACKING_TOKEN: 't' };
    expect(sourceAccess({ url: 'http://h' }, env).authorization).toBe('Bearer t');
    expect(sourceAccess({ url: 'http://h', token: 'u' }, env).authorization).toBe('Bearer u');
    expect(sourceAccess({ url: 'http://h', username: 'a', password: 'b' }, env).authorization).toBe(`Basic ${btoa('a:b')}`);
    expect(sourceAccess({ url: 'http://h' }, {}).authorization).toBeUndefined();
  });
});
