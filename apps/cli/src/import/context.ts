import type { MlflowFiles } from '../mlflow/files.js';
import type { KeyValue } from '../mlflow/messages.js';
import type { MlflowReader } from '../mlflow/reader.js';
import type { StateFile } from '../transfer/state-file.js';
import type { Tally } from '../transfer/tally.js';

/** One side of a copy. */
export interface Side {
  readonly reader: MlflowReader;
  readonly files: MlflowFiles;
}

/** What the steps of an import share. */
export interface ImportContext {
  readonly source: Side;
  readonly target: Side;
  readonly state: StateFile;
  readonly tally: Tally;
  readonly jobs: number;
  readonly artifacts: boolean;
  /** Names of the experiments that are wanted; all when empty. */
  readonly only: ReadonlySet<string>;
}

/** Tags that say where something was imported from; by them it is found again when the state file is lost. */
export const MARK = {
  source: 'tailrace.import.source',
  experiment: 'tailrace.import.experiment_id',
  run: 'tailrace.import.run_id',
  parent: 'tailrace.import.parent_run_id',
  loggedModel: 'tailrace.import.model_id',
  model: 'tailrace.import.model',
  version: 'tailrace.import.version',
  versionSource: 'tailrace.import.version_source',
} as const;

/** Tags of something imported: its own, and where it came from; marks of an earlier import elsewhere give way. */
export function marked(context: ImportContext, own: readonly KeyValue[], mark: string, id: string): KeyValue[] {
  const marks = [
    { key: MARK.source, value: context.source.reader.rest.url },
    { key: mark, value: id },
  ];
  return [...withoutMarks(own), ...marks];
}

export function withoutMarks(tags: readonly KeyValue[]): KeyValue[] {
  const known = new Set<string>(Object.values(MARK));
  return tags.filter(({ key }) => !known.has(key)).map(({ key, value }) => ({ key, value: value ?? '' }));
}

/** Filter for what was imported from this source. */
export function importedFilter(context: ImportContext): string {
  return `tags."${MARK.source}" = "${context.source.reader.rest.url}"`;
}

/** Name for something whose own is taken here; `n` counts the tries. */
export function otherName(name: string, host: string, n: number): string {
  return `${name} (imported from ${host}${n > 1 ? ` ${n}` : ''})`;
}
