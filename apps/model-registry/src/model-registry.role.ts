import { Module } from '@nestjs/common';
import { GuardedClient } from '#automation';
import type { Config } from '#config';
import { CONFIG } from '#host';
import { CandidateProcessor } from './candidate.processor.js';
import { EvaluateProcessor } from './evaluate.processor.js';
import { GateEvidences } from './gate-evidence.js';
import { GatesProcessor } from './gates.processor.js';
import { HttpChecks } from './http-checks.js';
import { ModelWorkbench } from './model-workbench.js';
import { ScanProcessor } from './scan.processor.js';
import { VersionScans } from './version-scans.js';

/** Evaluates and registers candidates, evaluates versions anew, scans what clients registered, evaluates gates. */
@Module({
  providers: [
    ModelWorkbench,
    CandidateProcessor,
    EvaluateProcessor,
    GateEvidences,
    GatesProcessor,
    HttpChecks,
    ScanProcessor,
    VersionScans,
    { provide: GuardedClient, useFactory: (config: Config) => new GuardedClient(config.webhooks.allow), inject: [CONFIG] },
  ],
})
export class ModelRegistryRole {}
