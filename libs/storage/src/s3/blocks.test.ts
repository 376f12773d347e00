import { describe, expect, it } from 'vitest';
import { listOf } from '../testing/bytes.js';
import { inBlocks } from './blocks.js';

async function* chunks(...texts: string[]) {
  for (const text of texts) yield Buffer.from(text);
}

describe('inBlocks', () => {
  it.each([
    [[], []],
    [[''], []],
    [['abc'], ['abc']],
    [
      ['ab', 'cd', 'e'],
      ['abcd', 'e'],
    ],
    [['abcd'], ['abcd']],
    [
      ['a', 'bcdefghij'],
      ['abcd', 'efgh', 'ij'],
    ],
  ])('%j by 4 is %j', async (texts, blocks) => {
    expect((await listOf(inBlocks(chunks(...texts), 4))).map(String)).toEqual(blocks);
  });
});
