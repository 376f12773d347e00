import { describe, expect, it } from 'vitest';
import { TrainingSpecSchema } from '#contracts';
import { partsOf } from './spec-parts.js';

const spec = (more: object = {}) => TrainingSpecSchema.parse({ task: 'classification', label: 'species', ...more });

describe('partsOf', () => {
  it('is the same for the same preparation and split, whatever is trained', () => {
    expect(partsOf(spec({ training: { seed: 9 } }))).toEqual(partsOf(spec()));
  });

  it('tells another preparation and another split apart, each by itself', () => {
    const [one, prepared, split] = [
      partsOf(spec()),
      partsOf(spec({ preparation: { numeric: { impute: 'mean' } } })),
      partsOf(spec({ split: { seed: 1 } })),
    ];
    expect(prepared.preparation.digest).not.toBe(one.preparation.digest);
    expect(prepared.split).toEqual(one.split);
    expect(split.split.digest).not.toBe(one.split.digest);
    expect(split.split.label).toBe('0.7/0.15/0.15 seed 1');
  });
});
