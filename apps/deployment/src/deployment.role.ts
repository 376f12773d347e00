import { Module } from '@nestjs/common';
import { FollowProcessor } from './follow.processor.js';

/** Rollout: what endpoints should serve, after what was promoted. */
@Module({ providers: [FollowProcessor] })
export class DeploymentRole {}
