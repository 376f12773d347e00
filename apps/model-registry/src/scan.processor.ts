import { reactionCtx } from '#access';
import { Subscriber, SubscriberHost, SubscriberProcessor, type Delivery } from '#messaging';
import { RegistryReads } from '#reads/registry';
import { VersionScans } from './version-scans.js';

/** Scans the files of every new version. */
@Subscriber('model-registry.scan')
export class ScanProcessor extends SubscriberProcessor<'model_version.created'> {
  protected readonly subscriber = 'model-registry.scan';

  constructor(
    host: SubscriberHost,
    private readonly registry: RegistryReads,
    private readonly scans: VersionScans,
  ) {
    super(host);
  }

  protected async handle({ event, guard }: Delivery<'model_version.created'>): Promise<void> {
    const version = await this.registry.version(event.workspaceId, event.data.versionId);
    if (version && !version.scan) await this.scans.scan(reactionCtx(event, 'model-registry', guard), version);
  }
}
