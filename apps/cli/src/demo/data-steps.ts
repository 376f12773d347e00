import type { TailraceClient } from '../client/tailrace-client.js';
import { CREATE_DATASET, CREATE_VERSION, VERSION } from './documents.js';
import type { EventFeed } from './event-feed.js';
import { check, type Stage } from './stage.js';

export interface VersionView {
  readonly id: string;
  readonly number: number;
  readonly state: string;
  readonly reason: string | null;
  readonly parent: { id: string; number: number } | null;
  readonly findings: { severity: string; message: string }[];
  readonly profile: {
    rows: number;
    columns: {
      name: string;
      type: string;
      missing: number;
      distinct: number;
      mean: number | null;
      top: { value: string; count: number }[] | null;
    }[];
  };
}

export async function createDataset(client: TailraceClient, name: string): Promise<string> {
  const { dataset } = await client.mutate<{ dataset: { id: string } }>(CREATE_DATASET, {
    name,
    description: 'Palmer penguins (CC0)',
  });
  return dataset.id;
}

/** Uploads a CSV as a new version and waits, by its event, until it is checked. */
export async function uploadVersion(
  client: TailraceClient,
  feed: EventFeed,
  stage: Stage,
  datasetId: string,
  csv: string,
): Promise<VersionView> {
  const blob = await client.uploadText(csv);
  const { datasetVersion } = await client.mutate<{ datasetVersion: { id: string; number: number } }>(CREATE_VERSION, {
    datasetId,
    blob,
    format: 'CSV',
  });
  stage.line(`version ${datasetVersion.number} uploaded (${csv.length} bytes); its check runs in the background …`);
  const settled = await feed.first(
    ['dataset_version.validated', 'dataset_version.validation_failed'],
    (data) => data.versionId === datasetVersion.id,
  );
  const { datasetVersion: version } = await client.query<{ datasetVersion: VersionView }>(VERSION, { id: datasetVersion.id });
  check(version.state === 'VALIDATED', `version ${version.number} is ${version.state}: ${version.reason}`);
  stage.line(`VALIDATED by event ${settled.sequence}: ${version.profile.rows} rows, ${version.profile.columns.length} columns`);
  printProfile(stage, version);
  return version;
}

function printProfile(stage: Stage, version: VersionView): void {
  for (const column of version.profile.columns) {
    const detail =
      column.type === 'number'
        ? `mean ${column.mean?.toFixed(1)}`
        : (column.top ?? []).map((item) => `${item.value} ${item.count}`).join(', ');
    stage.line(`  ${column.name.padEnd(20)} ${column.type.padEnd(7)} ${String(column.missing).padStart(3)} missing  ${detail}`);
  }
  for (const finding of version.findings) stage.line(`  ${finding.severity}: ${finding.message}`);
}
