import { serveChild } from '#process';
import { z } from 'zod';
import { checkFile } from './check.js';

const CheckRequestSchema = z.strictObject({
  file: z.string().min(1),
  format: z.enum(['CSV', 'PARQUET']),
  out: z.string().min(1),
  limits: z.strictObject({ maxColumns: z.int().positive(), maxRows: z.int().positive() }),
});

serveChild(async (input) => checkFile(CheckRequestSchema.parse(input)));
