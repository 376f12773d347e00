import { Module } from '@nestjs/common';
import { ReapRunsService } from './reap-runs.service.js';

/** Background side of tracking: ends runs that fell silent. */
@Module({ providers: [ReapRunsService] })
export class ExperimentTrackingRole {}
