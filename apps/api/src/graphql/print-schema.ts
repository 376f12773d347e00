import 'reflect-metadata';
import { writeFileSync } from 'node:fs';
import { buildSchema } from './build-schema.js';

// `npm run schema` writes the committed schema anew.
writeFileSync('schema.graphql', await buildSchema());
