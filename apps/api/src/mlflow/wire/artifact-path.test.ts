import { describe, expect, test } from 'vitest';
import { artifactTarget } from './artifact-path.js';

const A = 'a'.repeat(32);
const B = 'b'.repeat(32);

describe('what a path below mlflow-artifacts: names', () => {
  test.each([
    [`0/${A}/artifacts/x/y.txt`, `run_${A}`, 'x/y.txt'],
    [`0/${A}/artifacts`, `run_${A}`, ''],
    [`${A}/artifacts/x`, `run_${A}`, 'x'],
    [`team/store/${A}/artifacts/x`, `run_${A}`, 'x'],
    [`0/models/m-${B}/artifacts/MLmodel`, `lgm_${B}`, 'MLmodel'],
    // The first owner it is, also where its own files have such names.
    [`0/${A}/artifacts/old/${B}/artifacts/x`, `run_${A}`, `old/${B}/artifacts/x`],
    [`0/${A}/artifacts/models/m-${B}/artifacts/x`, `run_${A}`, `models/m-${B}/artifacts/x`],
    [`0/models/m-${A}/artifacts/${B}/artifacts/x`, `lgm_${A}`, `${B}/artifacts/x`],
    ['some/file.txt', 'wsp_1', 'some/file.txt'],
    [`0/${A}/other/x`, 'wsp_1', `0/${A}/other/x`],
  ])('%s', (path, ownerId, rest) => expect(artifactTarget('wsp_1', path)).toEqual({ ownerId, path: rest }));
});
