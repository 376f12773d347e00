import { z } from 'zod';
import { serveChild } from '#process';
import { scan } from './scan.js';

const InputSchema = z.array(z.strictObject({ path: z.string(), local: z.string(), size: z.int() }));

serveChild(async (input) => scan(InputSchema.parse(input)));
