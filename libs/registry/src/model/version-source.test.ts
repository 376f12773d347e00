import { describe, expect, test } from 'vitest';
import { checkPromptSource, isWithin, parseSource } from './version-source.js';

const HEX = '0123456789abcdef0123456789abcdef';

test.each([
  [`runs:/${HEX}/model`, { kind: 'run', runId: `run_${HEX}`, path: 'model' }],
  ['runs:/someone/a/b', { kind: 'run', runId: 'someone', path: 'a/b' }],
  [`models:/m-${HEX}`, { kind: 'loggedModel', id: `lgm_${HEX}` }],
  ['models:/iris/3', { kind: 'version', name: 'iris', pick: { number: 3 } }],
  ['models:/iris/Latest', { kind: 'version', name: 'iris', pick: { alias: 'latest' } }],
  ['models:/iris/Production', { kind: 'version', name: 'iris', pick: { stage: 'production' } }],
  ['models:/a@b@champion', { kind: 'version', name: 'a@b', pick: { alias: 'champion' } }],
  ['mlflow-artifacts:/1/x', { kind: 'artifacts' }],
  ['https://host:5000/api/2.0/mlflow-artifacts/artifacts/1/x', { kind: 'artifacts' }],
  ['https://host/a/model.onnx', { kind: 'elsewhere' }],
  ['s3://bucket/a..b/model%20one', { kind: 'elsewhere' }],
  ['gs://bucket/100%', { kind: 'elsewhere' }],
])('%s is understood', (source, expected) => {
  expect(parseSource(source)).toEqual(expected);
});

describe('what could mean a file of this machine is refused', () => {
  test.each([
    '/etc/passwd',
    'etc/passwd',
    './x',
    'file:/etc/passwd',
    'FILE:///etc',
    'file%3A///etc',
    'C:\\x',
    '',
    ' s3://a',
    '\\\\host\\x',
  ])('local: %j', (source) => {
    expect(() => parseSource(source)).toThrow(/^Invalid model version source: .*To use a local path/s);
  });

  test.each([
    'mlflow-artifacts:/1/../../etc',
    'mlflow-artifacts://host/..%2f..%2fetc',
    'mlflow-artifacts:/1/%252e%252e/x',
    's3://bucket/a/./b',
    'https://host/a\\..\\b',
    'https://host/a%00',
    `runs:/${HEX}/../other`,
    'models:/../1',
  ])('steps: %s', (source) => {
    expect(() => parseSource(source)).toThrow(/without relative path references/);
  });

  test.each([`runs://host/${HEX}/m`, 'runs:/', 'models://host/a/1', 'models:/', 'models:/a/', 'models:/a/1/2', 'models:/@x'])(
    'malformed: %s',
    (source) => {
      expect(() => parseSource(source)).toThrow(/^Invalid model version source/);
    },
  );
});

test.each([
  ['mlflow-artifacts:/1/run/artifacts/model', true],
  ['mlflow-artifacts:/1/run/artifacts', true],
  ['MLFLOW-ARTIFACTS:///1//run/artifacts/model', true],
  ['mlflow-artifacts:/1/run/artifacts2', false],
  ['mlflow-artifacts:/1/run', false],
  ['mlflow-artifacts://elsewhere/1/run/artifacts/model', false],
  ['s3:/1/run/artifacts/model', false],
])('%s lies in the run: %s', (source, expected) => {
  expect(isWithin(source, 'mlflow-artifacts:/1/run/artifacts')).toBe(expected);
});

test('a prompt has a placeholder for a source', () => {
  expect(() => checkPromptSource('s3://bucket/x')).toThrow(/Prompt sources must use an MLflow placeholder/);
  expect(() => checkPromptSource('prompt-template')).not.toThrow();
});
