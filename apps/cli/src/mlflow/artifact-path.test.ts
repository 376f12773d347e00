import { expect, test } from 'vitest';
import { encodePath, entryFault, pathFault } from './artifact-path.js';
import { proxyPath } from './files.js';

test.each(['a', 'a/b.txt', 'ü 100%.txt', 'a b/c', '...', 'x..y', 'model/MLmodel'])('%s is harmless', (path) => {
  expect(pathFault(path)).toBeUndefined();
});

test.each([
  '',
  '/etc/passwd',
  '..',
  'a/../b',
  'a//b',
  'a/',
  './a',
  'a\\b',
  'C:/x',
  'file:x',
  'a\nb',
  '%2e%2e/x',
  '%252e%252e%252fx',
  'a'.repeat(1001),
  'a/'.repeat(60) + 'a',
  7,
  null,
])('%j is refused', (path) => {
  expect(pathFault(path)).toEqual(expect.any(String));
});

test('an entry lies in the folder that was listed', () => {
  expect(entryFault('', 'a')).toBeUndefined();
  expect(entryFault('a', 'a/b')).toBeUndefined();
  for (const path of ['a', 'b', 'ab/c', 'b/a']) expect(entryFault('a', path)).toContain('not in the folder');
});

test('encodes parts, not their slashes', () => {
  expect(encodePath('a b/ü?#%.txt')).toBe('a%20b/%C3%BC%3F%23%25.txt');
});

test('an artifact URI names a place below the proxy, never a host', () => {
  expect(proxyPath('mlflow-artifacts:/1/r/artifacts')).toBe('1/r/artifacts');
  expect(proxyPath('mlflow-artifacts://evil:80/1/r/artifacts/')).toBe('1/r/artifacts');
  for (const uri of ['s3://b/1', 'mlflow-artifacts:/../x', 'mlflow-artifacts:/a?b', undefined])
    expect(proxyPath(uri)).toBeUndefined();
});
