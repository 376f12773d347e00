import { Module } from '@nestjs/common';
import { WebhookSender } from '../automation/webhook-sender.js';
import { BlobTransfer } from '../blobs/blob-transfer.js';
import { RequestAuth } from '../http/request-ctx.js';
import { Refusals } from '../http/refusals.js';
import { AccessViews, AutomationViews, DeploymentViews, RegistryViews, TrackingViews, Views } from './views.js';

/** What every edge needs to know who asks and to act outside, and GraphQL to load what they ask for. */
@Module({
  providers: [
    RequestAuth,
    Refusals,
    AccessViews,
    TrackingViews,
    RegistryViews,
    DeploymentViews,
    AutomationViews,
    Views,
    BlobTransfer,
    WebhookSender,
  ],
  exports: [RequestAuth, Refusals, Views, BlobTransfer, WebhookSender],
})
export class GraphqlSupportModule {}
