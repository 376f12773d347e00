import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { buildSchema } from '../../apps/api/src/graphql/build-schema.js';

test('the committed GraphQL schema is the one that the resolvers build (npm run schema writes it)', async () => {
  expect(await buildSchema()).toBe(readFileSync('schema.graphql', 'utf8'));
});
