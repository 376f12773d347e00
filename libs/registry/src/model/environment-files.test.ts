import { expect, it } from 'vitest';
import { environmentFilesOf } from './environment-files.js';

const file = (path: string) => ({ path, size: 1, sha256: path.padEnd(64, '0') });

it('finds the files that pin packages, in any folder, by their whole name', () => {
  const manifest = [
    'MLmodel',
    'requirements.txt',
    'env/conda.yaml',
    'code/uv.lock',
    'my-requirements.txt',
    'uv.lock/weights.bin',
  ].map(file);
  expect(environmentFilesOf(manifest).map(({ path }) => path)).toEqual(['requirements.txt', 'env/conda.yaml', 'code/uv.lock']);
  expect(environmentFilesOf(manifest)[0]!.blob).toBe('requirements.txt'.padEnd(64, '0'));
});

it('names a bounded number', () => {
  const many = Array.from({ length: 1000 }, (_, i) => file(`${i}/package-lock.json`));
  expect(environmentFilesOf(many)).toHaveLength(64);
});
