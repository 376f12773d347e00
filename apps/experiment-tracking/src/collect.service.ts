import { Inject, Injectable } from '@nestjs/common';
import { createCtx } from '#access';
import type { Config } from '#config';
import { CONFIG } from '#host';
import { LOGGER, Periodic } from '#messaging';
import { BlobCollector, StorageView, UploadsService, type CollectionReport } from '#storage';
import type { Logger } from '#telemetry';
import { TrashService } from '#tracking';

const EVERY_MS = 15 * 60_000;
/** The whole store is compared with the rows once in so many turns: listing a large one takes long. */
const ADOPT_EVERY = 96;

/** Empties the trash of what has been there long enough, and removes the content that nothing refers to any more. */
@Injectable()
export class CollectService extends Periodic {
  private readonly ctx = createCtx('', { kind: 'system', name: 'experiment-tracking' });
  private turns = 0;

  constructor(
    private readonly trash: TrashService,
    private readonly blobs: BlobCollector,
    private readonly uploads: UploadsService,
    private readonly storage: StorageView,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) logger: Logger,
  ) {
    super(EVERY_MS, logger);
  }

  /** One turn: the trash first, since what goes there may leave blobs behind. */
  async turn(): Promise<void> {
    await this.uploads.expire();
    const purged = await this.trash.purgeOverdue(this.ctx, this.config.trashDays);
    if (this.turns++ % ADOPT_EVERY === 0) await this.blobs.adopt();
    await this.blobs.mark();
    const removed = await this.blobs.remove();
    const done = new Map<string, Omit<CollectionReport, 'at'>>();
    for (const workspaceId of new Set([...purged.keys(), ...removed.keys()])) {
      const { runs = 0, experiments = 0, loggedModels = 0, kept = 0 } = purged.get(workspaceId) ?? {};
      done.set(workspaceId, { runs, experiments, loggedModels, kept, ...(removed.get(workspaceId) ?? { blobs: 0, bytes: 0 }) });
    }
    await this.storage.report(done);
  }
}
