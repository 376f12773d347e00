import fc from 'fast-check';
import { expect, test } from 'vitest';
import { commonGrants, covers, roleAllows, ROLES, type Grant } from './permissions.js';

const grants = fc.array(fc.record({ path: fc.constantFrom('/', '/a', '/a/b', '/ab', '/c'), role: fc.constantFrom(...ROLES) }), {
  maxLength: 4,
});
const may = (list: readonly Grant[], project: string) =>
  list.some(({ path, role }) => covers(path, project) && roleAllows(role, 'training.write'));

test('what both of two members may, and no more', () => {
  expect(commonGrants([{ path: '/', role: 'admin' }], [{ path: '/a', role: 'editor' }])).toEqual([
    { path: '/a', role: 'editor' },
  ]);
  expect(commonGrants([{ path: '/a', role: 'admin' }], [{ path: '/ab', role: 'admin' }])).toEqual([]);
  fc.assert(
    fc.property(grants, grants, fc.constantFrom('/', '/a', '/a/b', '/a/b/c', '/ab', '/c/d'), (left, right, project) => {
      expect(may(commonGrants(left, right), project)).toBe(may(left, project) && may(right, project));
    }),
  );
});
