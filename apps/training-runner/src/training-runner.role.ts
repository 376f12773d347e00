import { Module } from '@nestjs/common';
import { LocalExecutor } from './local-executor.js';
import { ReapLeasesService } from './reap-leases.service.js';
import { RunnerService } from './runner.service.js';
import { WakeProcessor } from './wake.processor.js';

/** Takes training jobs by lease and runs their attempts. */
@Module({ providers: [LocalExecutor, RunnerService, ReapLeasesService, WakeProcessor] })
export class TrainingRunnerRole {}
