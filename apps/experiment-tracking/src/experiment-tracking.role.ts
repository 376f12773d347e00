import { Module } from '@nestjs/common';
import { ArrivalsService } from './arrivals.service.js';
import { CollectService } from './collect.service.js';
import { ReapRunsService } from './reap-runs.service.js';

/** Background side of tracking: ends runs that fell silent, and empties the trash. */
@Module({ providers: [ReapRunsService, CollectService, ArrivalsService] })
export class ExperimentTrackingRole {}
