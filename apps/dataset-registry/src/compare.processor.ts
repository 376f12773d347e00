import { join } from 'node:path';
import { reactionCtx } from '#access';
import type { Column, DriftReport, LoggedEvent } from '#contracts';
import { DriftService } from '#datasets';
import { WorkFolders } from '#host';
import { Subscriber, SubscriberHost, SubscriberProcessor, type Delivery } from '#messaging';
import { childEntry, runChild } from '#process';
import { DatasetReads, type VersionFacts } from '#reads/datasets';

const TIMEOUT_MS = 15 * 60_000;
const MAX_COLUMNS = 500;

type Asked = 'dataset_version.validated' | 'dataset_version.comparison_requested';

/** Compares a version with its parent once it is valid, and with any other when somebody asks. */
@Subscriber('dataset-registry.compare')
export class CompareProcessor extends SubscriberProcessor<Asked> {
  protected readonly subscriber = 'dataset-registry.compare';

  constructor(
    host: SubscriberHost,
    private readonly drift: DriftService,
    private readonly reads: DatasetReads,
    private readonly folders: WorkFolders,
  ) {
    super(host);
  }

  protected async handle({ event }: Delivery<Asked>): Promise<void> {
    const { versionId } = event.data;
    const version = await this.reads.version(event.workspaceId, versionId);
    if (!version) return;
    const againstId = 'againstId' in event.data ? event.data.againstId : event.data.parentId;
    const against = againstId ? await this.reads.version(event.workspaceId, againstId) : undefined;
    if (against) await this.compareOnce(event, version, against);
    // A child that was valid sooner than its parent has waited for it.
    if (event.name === 'dataset_version.validated')
      for (const child of await this.reads.children(event.workspaceId, versionId)) await this.compareOnce(event, child, version);
  }

  /** A pair that has a report keeps it, so that a second delivery changes nothing. */
  private async compareOnce(event: LoggedEvent<Asked>, current: VersionFacts, reference: VersionFacts): Promise<void> {
    if (current.state !== 'VALIDATED' || reference.state !== 'VALIDATED') return;
    const report = await this.compare(event.workspaceId, current, reference);
    await this.drift.record(reactionCtx(event, 'dataset-registry'), current.id, report);
  }

  private compare(workspaceId: string, current: VersionFacts, reference: VersionFacts): Promise<DriftReport> {
    return this.folders.use(async (folder) =>
      runChild<DriftReport>({
        entry: childEntry(import.meta.url, './drift/compare.child.js'),
        input: {
          against: reference.id,
          reference: await folder.place(workspaceId, reference.table!.sha256, 'reference.parquet'),
          current: await folder.place(workspaceId, current.table!.sha256, 'current.parquet'),
          columns: commonColumns(reference.columns ?? [], current.columns ?? []),
          spill: join(folder.dir, 'spill'),
        },
        timeoutMs: TIMEOUT_MS,
      }),
    );
  }
}

function commonColumns(before: readonly Column[], now: readonly Column[]): Column[] {
  const types = new Map(before.map(({ name, type }) => [name, type]));
  return now.filter(({ name, type }) => types.get(name) === type).slice(0, MAX_COLUMNS);
}
