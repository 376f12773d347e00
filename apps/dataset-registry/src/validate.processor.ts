import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { reactionCtx } from '#access';
import type { Column, DatasetProfile, Finding } from '#contracts';
import { compareSchemas, DatasetsService } from '#datasets';
import { WorkFolders } from '#host';
import { isDomainError } from '#kernel';
import { Subscriber, SubscriberHost, SubscriberProcessor, type Delivery } from '#messaging';
import { childEntry, runChild } from '#process';
import { DatasetReads, type VersionFacts } from '#reads/datasets';

const TIMEOUT_MS = 15 * 60_000;
const LIMITS = { maxColumns: 2000, maxRows: 50_000_000 };

interface CheckResult {
  readonly columns: Column[];
  readonly profile: DatasetProfile;
  readonly findings: Finding[];
}

/** Profiles and checks a new version in a child process, keeps its typed table, and settles the version. */
@Subscriber('dataset-registry.validate')
export class ValidateProcessor extends SubscriberProcessor<'dataset_version.created'> {
  protected readonly subscriber = 'dataset-registry.validate';

  constructor(
    host: SubscriberHost,
    private readonly datasets: DatasetsService,
    private readonly reads: DatasetReads,
    private readonly folders: WorkFolders,
  ) {
    super(host);
  }

  protected async handle({ event, guard }: Delivery<'dataset_version.created'>): Promise<void> {
    const version = await this.reads.version(event.workspaceId, event.data.versionId);
    if (version?.state !== 'PENDING') return;
    const ctx = reactionCtx(event, 'dataset-registry', guard);
    await this.folders.use(async (folder) => {
      const file = await folder.place(event.workspaceId, version.blob, `input-${randomUUID()}`);
      const out = join(folder.dir, 'table.parquet');
      const checked = await this.check({ file, format: version.format, out, limits: LIMITS }).catch((error: unknown) => {
        if (isDomainError(error) && error.code === 'CHILD_FAILED')
          return { failure: `the check could not read the file: ${error.message}` };
        throw error;
      });
      if ('failure' in checked) return this.datasets.reject(ctx, version.id, checked.failure);
      const findings = [...checked.findings, ...(await this.parentFindings(event.workspaceId, version, checked.columns))];
      const error = findings.find((finding) => finding.severity === 'error');
      if (error) return this.datasets.reject(ctx, version.id, error.message, findings, checked.profile);
      const table = await folder.keep(event.workspaceId, out);
      await this.datasets.recordValidation(ctx, version.id, { ...checked, findings, table });
    });
  }

  private check(input: object): Promise<CheckResult | { failure: string }> {
    return runChild<CheckResult>({ entry: childEntry(import.meta.url, './check/check.child.js'), input, timeoutMs: TIMEOUT_MS });
  }

  private async parentFindings(workspaceId: string, version: VersionFacts, columns: readonly Column[]): Promise<Finding[]> {
    const parent = version.parentId ? await this.reads.version(workspaceId, version.parentId) : undefined;
    return parent?.state === 'VALIDATED' && parent.columns ? compareSchemas(parent.columns, columns) : [];
  }
}
