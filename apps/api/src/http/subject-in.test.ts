import { expect, test } from 'vitest';
import { newId } from '#kernel';
import { subjectIn } from './subject-in.js';

test('the subject is the first thing that is named by its id, wherever it stands', () => {
  const id = newId('stageRequest');
  expect(subjectIn({ input: { comment: 'no id', requestId: id } })).toEqual({ kind: 'stage_request', id });
  expect(subjectIn({ runIds: [newId('run')] })?.kind).toBe('run');
  expect(subjectIn([{}, undefined, { run_id: 'a'.repeat(32) }])).toEqual({ kind: 'run', id: `run_${'a'.repeat(32)}` });
});

test('what names nothing has none, and neither what is not looked into', () => {
  for (const input of [undefined, null, 'x', { key: 'a'.repeat(32) }, { id: 'xyz_'.padEnd(36, 'a') }, Buffer.from('run_')])
    expect(subjectIn(input)).toBeUndefined();
  const deep = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`k${i}`, 'x']));
  expect(subjectIn({ ...deep, last: newId('run') })).toBeUndefined();
});
