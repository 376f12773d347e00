import { EvaluationRequestSchema } from '#contracts';
import { serveChild } from '#process';
import { evaluate } from './evaluate.js';

serveChild(async (input) => evaluate(EvaluationRequestSchema.parse(input)));
