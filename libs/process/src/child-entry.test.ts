import { describe, expect, it } from 'vitest';
import { childEntry } from './child-entry.js';

describe('childEntry', () => {
  it('maps the source tree to dist, and leaves dist as it is', () => {
    const compiled = childEntry(import.meta.url, './serve-child.ts');
    expect(compiled.href).toMatch(/\/dist\/libs\/process\/src\/serve-child\.js$/);
    expect(childEntry(compiled.href, './run-child.js').href).toBe(compiled.href.replace('serve-child', 'run-child'));
  });

  it('says what to do when the file has not been built', () => {
    expect(() => childEntry(import.meta.url, './no-such.child.ts')).toThrow(/no-such\.child\.js is missing; run `npm run build`/);
    expect(() => childEntry('file:///elsewhere/x.ts', './y.ts')).toThrow(/neither/);
  });
});
