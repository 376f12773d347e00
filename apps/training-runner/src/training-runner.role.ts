import { Module } from '@nestjs/common';
import { EndLostAttemptsService } from './end-lost-attempts.service.js';
import { LocalExecutor } from './local-executor.js';
import { ReapLeasesService } from './reap-leases.service.js';
import { RunnerService } from './runner.service.js';
import { WakeProcessor } from './wake.processor.js';

/** Takes training jobs by lease and runs their attempts. */
@Module({ providers: [LocalExecutor, RunnerService, ReapLeasesService, EndLostAttemptsService, WakeProcessor] })
export class TrainingRunnerRole {}
