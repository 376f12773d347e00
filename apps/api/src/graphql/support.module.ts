import { Module } from '@nestjs/common';
import { BlobTransfer } from '../blobs/blob-transfer.js';
import { RequestAuth } from '../http/request-ctx.js';
import { Views } from './loaders.js';

/** What every edge needs to know who asks, and GraphQL to load what they ask for. */
@Module({ providers: [RequestAuth, Views, BlobTransfer], exports: [RequestAuth, Views, BlobTransfer] })
export class GraphqlSupportModule {}
