import { describe, expect, test } from 'vitest';
import { cardOf } from './card.js';
import type { VersionSheet } from './sheet.js';
import { diffOf } from './version-diff.js';

const SHEET: VersionSheet = {
  model: { name: 'penguins', project: '/', description: 'Tells species apart.' },
  number: 3,
  stage: 'production',
  description: '',
  createdAt: new Date('2026-03-01T00:00:00Z'),
  tags: {},
  aliases: ['champion'],
  run: {
    id: 'run_1',
    name: 'calm run',
    startedAt: new Date('2026-02-28T10:00:00Z'),
    endedAt: null,
    params: { epochs: '30' },
    tags: { 'mlflow.source.git.commit': 'abc123', other: 'x' },
    metrics: { loss: 0.123456789 },
  },
  data: { id: 'dsv_1', dataset: 'penguins', number: 2, state: 'VALIDATED', rows: 344, columns: 7, sha256: 'f00' },
  measured: { test_f1_macro: 0.98 },
  signature: {
    inputs: [{ name: 'x', datatype: 'FP64', shape: [-1, 1], nullable: true }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 3] }],
  },
  example: { inputs: { x: 1 }, outputs: { y: [0.1, 0.2, 0.7] } },
  manifest: [{ path: 'model.onnx', size: 10, sha256: 'a' }],
  scan: {
    outcome: 'clean',
    problems: [],
    formats: [{ name: 'onnx', unsafe: false, paths: ['model.onnx'] }],
    graphs: { 'model.onnx': { operators: { Gemm: 2 }, parameters: 20 } },
    signature: null,
  },
};

describe('a model card', () => {
  test('tells what the run, the data and the figures say, and what nobody has said', () => {
    const card = cardOf(SHEET, { intendedUse: 'Field work.' });
    for (const line of [
      '# penguins 3',
      'Aliases: champion.',
      'Field work.',
      '_Nobody has said so yet._',
      'Trained on **penguins** version 2 (VALIDATED): 344 rows, 7 columns. SHA-256 `f00`.',
      '| mlflow.source.git.commit | abc123 |',
      '| epochs | 30 |',
      '| test\\_f1\\_macro | 0.98 | measured by the platform |',
      '| loss | 0.123457 | logged by the run |',
      '| input | x | FP64 | \\[-1, 1\\] | yes |',
      '1 files, 10 bytes. Formats: onnx.',
    ])
      expect(card.split('\n')).toContain(line);
  });

  test.each([
    ['<img src=x onerror=alert(1)>', /<img/],
    ['<script>alert(1)</script>', /<script/],
    ['[x](javascript:alert(1))', /javascript/],
    ['[x]( JaVaScRiPt:alert(1))', /javascript/i],
    ['[x](data:text/html;base64,AAAA)', /data:/],
    ['[x](java\u0001script:alert(1))', /script/],
    ['[x](&#106;avascript:alert(1))', /avascript/],
    ['[x](//evil.example/x)', /evil/],
    ['[a]: javascript:alert(1)\n\n[a]', /javascript/],
  ])('makes %j of people inert', (text, hostile) => {
    expect(cardOf(SHEET, { limitations: text })).not.toMatch(hostile);
  });

  test('leaves honest Markdown of people as it is', () => {
    const text = '* see [the paper](https://example.org/a?b=c#d)\n* **not** for `children`';
    expect(cardOf(SHEET, { notes: text })).toContain(text);
  });

  test('escapes what others have put into names and values', () => {
    const run = { ...SHEET.run!, params: { 'a|b': '<b>**x**</b>\n# title' } };
    expect(cardOf({ ...SHEET, run }, {})).toContain('| a\\|b | \\<b\\>\\*\\*x\\*\\*\\</b\\> \\# title |');
  });
});

describe('a difference of versions', () => {
  test('puts metrics side by side, and of everything else what differs', () => {
    const other: VersionSheet = {
      ...SHEET,
      measured: { test_f1_macro: 0.97, test_rows: 50 },
      run: { ...SHEET.run!, params: { epochs: '30', seed: '7' }, tags: { 'mlflow.source.git.commit': 'def' } },
      data: { ...SHEET.data!, number: 3, rows: 400, sha256: 'f01' },
      manifest: [
        { path: 'model.onnx', size: 12, sha256: 'b' },
        { path: 'notes.txt', size: 1, sha256: 'c' },
      ],
      scan: { ...SHEET.scan!, graphs: { 'model.onnx': { operators: { Gemm: 2, Relu: 1 }, parameters: 20 } } },
      signature: { ...SHEET.signature!, outputs: [] as never },
    };
    expect(diffOf(SHEET, other)).toEqual({
      metrics: [
        { key: 'logged/loss', a: 0.123456789, b: 0.123456789 },
        { key: 'test_f1_macro', a: 0.98, b: 0.97 },
        { key: 'test_rows', a: null, b: 50 },
      ],
      params: [{ key: 'seed', a: null, b: '7' }],
      data: [
        { key: 'rows', a: '344', b: '400' },
        { key: 'sha256', a: 'f00', b: 'f01' },
        { key: 'version', a: '2', b: '3' },
      ],
      code: [{ key: 'mlflow.source.git.commit', a: 'abc123', b: 'def' }],
      files: [
        { key: 'model.onnx', a: SHEET.manifest![0], b: other.manifest![0] },
        { key: 'notes.txt', a: null, b: other.manifest![1] },
      ],
      graph: [{ key: 'model.onnx: Relu', a: null, b: 1 }],
      bytes: { a: 10, b: 13 },
      incompatible: 'it lacks the output y',
    });
    expect(diffOf(SHEET, SHEET)).toMatchObject({ params: [], data: [], code: [], files: [], graph: [], incompatible: null });
  });
});
