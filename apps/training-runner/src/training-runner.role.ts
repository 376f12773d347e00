import { Module } from '@nestjs/common';
import { EndLostAttemptsService } from './end-lost-attempts.service.js';
import { JudgeProcessor } from './judge.processor.js';
import { LocalExecutor } from './local-executor.js';
import { ReapLeasesService } from './reap-leases.service.js';
import { RunnerService } from './runner.service.js';
import { WakeProcessor } from './wake.processor.js';

/** Takes training jobs by lease, runs their attempts, and compares runs that do others anew with them. */
@Module({ providers: [LocalExecutor, RunnerService, ReapLeasesService, EndLostAttemptsService, WakeProcessor, JudgeProcessor] })
export class TrainingRunnerRole {}
