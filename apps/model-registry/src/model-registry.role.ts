import { Module } from '@nestjs/common';
import { CandidateProcessor } from './candidate.processor.js';
import { GatesProcessor } from './gates.processor.js';
import { ModelWorkbench } from './model-workbench.js';

/** Evaluates and registers candidates; evaluates gates. */
@Module({ providers: [ModelWorkbench, CandidateProcessor, GatesProcessor] })
export class ModelRegistryRole {}
