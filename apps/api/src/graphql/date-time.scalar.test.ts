import { Kind } from 'graphql';
import { describe, expect, test } from 'vitest';
import { DateTimeScalar } from './date-time.scalar.js';

describe('a DateTime that is given', () => {
  test.each([
    ['2026-01-31T12:00:00Z', '2026-01-31T12:00:00.000Z'],
    ['2026-01-31T12:00:00.123456+02:00', '2026-01-31T10:00:00.123Z'],
    ['2026-01-31', '2026-01-31T00:00:00.000Z'],
  ])('%s is that moment, as a value and in a document', (text, moment) => {
    expect(DateTimeScalar.parseValue(text).toISOString()).toBe(moment);
    expect(DateTimeScalar.parseLiteral({ kind: Kind.STRING, value: text }).toISOString()).toBe(moment);
  });

  test.each(['garbage', '', '2026', '2026-13-45T00:00:00Z', '2026-02-30T00:00:00Z', '2026-01-31T12:00:00', 5, null])(
    '%j is refused, with what would be right',
    (value) => expect(() => DateTimeScalar.parseValue(value)).toThrow('a time is written as 2026-01-31T12:00:00Z, not'),
  );

  test('is no number in a document either', () => {
    expect(() => DateTimeScalar.parseLiteral({ kind: Kind.INT, value: '5' })).toThrow('a time is written as');
  });
});
