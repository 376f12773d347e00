import { ForeignEvaluationRequestSchema } from '#contracts';
import { serveChild } from '#process';
import { evaluateForeign } from './foreign.js';

serveChild(async (input) => evaluateForeign(ForeignEvaluationRequestSchema.parse(input)));
