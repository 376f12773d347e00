import { serveChild } from '#process';
import { CompareRequestSchema, compareTables } from './compare-tables.js';

serveChild(async (input) => compareTables(CompareRequestSchema.parse(input)));
