import { describe, expect, it } from 'vitest';
import { walk, type LineageEdge } from './walk.js';

/** `a-b`: a rests on b. */
const graph = (...pairs: string[]) => {
  const edges = pairs.map((pair) => ({ from: pair.split('>')[0]!, to: pair.split('>')[1]!, relation: 'r' }));
  const asked: string[] = [];
  return {
    asked,
    upstream: async (near: readonly string[], limit: number): Promise<LineageEdge[]> => {
      asked.push(...near);
      return edges.filter(({ from }) => near.includes(from)).slice(0, limit);
    },
  };
};
const plan = { start: 'run:1', direction: 'upstream' as const, depth: 10, enough: 100 };
const text = (edges: readonly LineageEdge[]) => edges.map(({ from, to, relation }) => `${from}>${to} ${relation}`);

describe('walk', () => {
  it('looks at each node once, however many ways lead to it, and ends in a circle', async () => {
    const { asked, upstream } = graph('run:1>code:a', 'run:1>code:b', 'code:a>code:c', 'code:b>code:c', 'code:c>run:1');
    const { edges, seen } = await walk(plan, upstream);
    expect(edges).toHaveLength(5);
    expect([...seen]).toEqual(['run:1', 'code:a', 'code:b', 'code:c']);
    expect(asked).toEqual(['run:1', 'code:a', 'code:b', 'code:c']);
  });

  it('goes no deeper than asked, and stops when it has enough', async () => {
    const { upstream } = graph('run:1>code:a', 'code:a>code:b', 'code:b>code:c');
    expect((await walk({ ...plan, depth: 2 }, upstream)).edges).toHaveLength(2);
    expect((await walk({ ...plan, enough: 1 }, upstream)).edges).toHaveLength(1);
  });

  it('goes through what is not of the kinds, and joins what is', async () => {
    const { upstream } = graph('run:1>code:a', 'run:1>code:b', 'code:a>split:x', 'code:b>split:x', 'split:x>split:y');
    const { edges } = await walk({ ...plan, kinds: ['split'] }, upstream);
    expect(text(edges)).toEqual(['run:1>split:x rests_on', 'split:x>split:y r']);
  });

  it('ends at the node that is looked for, and knows the way', async () => {
    const { asked, upstream } = graph('run:1>code:a', 'code:a>code:b', 'code:b>code:c');
    const { by } = await walk(plan, upstream, 'code:b');
    expect([by.get('code:b')!.from, by.get('code:a')!.from]).toEqual(['code:a', 'run:1']);
    expect(asked).toEqual(['run:1', 'code:a']);
  });
});
