import { expect, it } from 'vitest';
import { codeOfMade } from './code.rules.js';

const DIFF = 'c'.repeat(64);
const said = (code: Parameters<typeof codeOfMade>[1]) =>
  codeOfMade('run_1', code, { code: 'ran', diff: 'ran_with' }).edges.map(({ from, relation, to }) => `${from} ${relation} ${to}`);

it('joins programs of one commit in their repository, and leaves changes to who had them', () => {
  expect(said({ source: 'train.py', commit: 'abc', repository: 'https://host/r', diff: DIFF })).toEqual([
    'run_1 ran code:train.py@abc',
    'code:train.py@abc part_of code:https://host/r@abc',
    `run_1 ran_with diff:${DIFF}`,
    `diff:${DIFF} changes code:https://host/r@abc`,
  ]);
});

it('draws what is known: a program without a commit, a commit without a program, or nothing', () => {
  expect(said({ source: 'train.py', commit: null })).toEqual(['run_1 ran code:train.py']);
  expect(said({ source: 'train.py', commit: null, diff: DIFF })).toContain(`diff:${DIFF} changes code:train.py`);
  expect(said({ source: null, commit: 'abc' })).toEqual(['run_1 ran code:git@abc']);
  expect(said(null)).toEqual([]);
  expect(said(undefined)).toEqual([]);
});
