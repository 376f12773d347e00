import type { ScalarsTypeMap } from '@nestjs/graphql';
import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';
import { z } from 'zod';

/** RFC 3339 with an offset, or a day alone, which is its beginning in UTC. Zod knows which days a month has. */
const Time = z.union([z.iso.datetime({ offset: true }), z.iso.date()]);

function timeOf(value: unknown): Date {
  const parsed = Time.safeParse(value);
  if (parsed.success) return new Date(parsed.data);
  throw new GraphQLError(`a time is written as 2026-01-31T12:00:00Z, not ${JSON.stringify(value)}`);
}

/** Nest's own DateTime takes every text and number, and makes of most an invalid date, which no query can hold. */
export const DateTimeScalar = new GraphQLScalarType<Date, string | null>({
  name: 'DateTime',
  description: 'A date-time string at UTC, such as 2019-12-03T09:54:33Z, compliant with the date-time format.',
  serialize: (value) => (value instanceof Date ? value.toISOString() : null),
  parseValue: timeOf,
  parseLiteral: (node) => timeOf(node.kind === Kind.STRING ? node.value : null),
});

/** What fields and arguments of the type Date are. */
export const SCALARS: ScalarsTypeMap[] = [{ type: Date, scalar: DateTimeScalar }];
