import type { NumberOp, TextTest } from '#database';

/** A question about runs, in the one language that GraphQL's filters and MLflow's search grammar are both translated into. */
/** Text attributes of a run. `hex` is its id without the prefix, `artifactUri` where its artifacts are. */
export const TEXT_ATTRIBUTES = [
  'id',
  'hex',
  'name',
  'userName',
  'status',
  'artifactUri',
  'parentId',
  'jobId',
  'experimentId',
] as const;
export type TextAttribute = (typeof TEXT_ATTRIBUTES)[number];
/** Times, in milliseconds since the epoch. */
export const TIME_ATTRIBUTES = ['startedAt', 'endedAt'] as const;
export type TimeAttribute = (typeof TIME_ATTRIBUTES)[number];

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition }
  | ({ readonly kind: 'text'; readonly attribute: TextAttribute } & TextTest)
  | { readonly kind: 'time'; readonly attribute: TimeAttribute; readonly op: NumberOp; readonly value: number }
  /** A test on a value matches only runs that have the key. */
  | { readonly kind: 'metric'; readonly key: string; readonly op: NumberOp; readonly value: number }
  | ({ readonly kind: 'param' | 'tag'; readonly key: string } & TextTest)
  | { readonly kind: 'param' | 'tag'; readonly key: string; readonly op: 'EXISTS' }
  /** A param whose text is a number, as a number. */
  | { readonly kind: 'paramNumber'; readonly key: string; readonly op: NumberOp; readonly value: number }
  /** All tests hold for one and the same data set that the run names. */
  | { readonly kind: 'dataset'; readonly of: readonly ({ readonly part: 'name' | 'digest' | 'context' } & TextTest)[] }
  | { readonly kind: 'datasetVersion'; readonly id: string }
  | { readonly kind: 'loggedModel'; readonly id: string };

export type OrderField =
  | { readonly kind: 'text'; readonly attribute: TextAttribute }
  | { readonly kind: 'time'; readonly attribute: TimeAttribute }
  | { readonly kind: 'metric' | 'param' | 'tag'; readonly key: string };

export type Order = OrderField & { readonly descending: boolean };

export interface RunQuery {
  /** Ids of the experiments to look in; absent: all that the caller may read. */
  readonly experimentIds?: readonly string[];
  readonly where?: Condition;
  /** Ties are broken by start, newest first, then by id. Values that are missing come last, NaN before them, in both directions. */
  readonly orderBy?: readonly Order[];
  /** `active` (the default): all that are not deleted, archived or not. */
  readonly view?: 'active' | 'unarchived' | 'archived' | 'deleted' | 'all';
  readonly limit: number;
  /** Where the page before ended. */
  readonly after?: string;
}
