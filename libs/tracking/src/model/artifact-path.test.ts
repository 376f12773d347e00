import { describe, expect, test } from 'vitest';
import { checkArtifactPath, isArtifactPath } from './artifact-path.js';

describe('artifact paths', () => {
  test.each([
    'a',
    'model/weights.bin',
    'a b+c&d=e.txt',
    'ünïcode/文件.png',
    '100%.txt',
    '...',
    '.gitignore',
    'a:b',
    'x'.repeat(1000),
  ])('%s is one', (path) => expect(isArtifactPath(path)).toBe(true));

  test.each([
    '',
    '/etc/passwd',
    '../x',
    'a/../b',
    'a/./b',
    'a//b',
    'a/',
    '.',
    '..',
    'a\\b',
    'C:/x',
    'a\u0000b',
    'a\nb',
    'a#b',
    'a?b',
    'a;b',
    '.git/config',
    'a/.GIT/x',
    '\u2025/x',
    '\uff0e\uff0e/x',
    '\ud800',
    'x'.repeat(1001),
  ])('%j is none', (path) => {
    expect(isArtifactPath(path)).toBe(false);
    expect(() => checkArtifactPath(path)).toThrow(/not an artifact path/);
  });
});
