import type { NumberOp, TextTest } from '#database';

/** A question about logged models, in the one language that GraphQL's filters and MLflow's search grammar are both translated into. */
/** `hex` is the id and `sourceRun` the run's id as MLflow's clients know them, `experiment` the experiment's number. */
export type ModelTextAttribute = 'hex' | 'name' | 'modelType' | 'sourceRun' | 'sourceRunId' | 'status' | 'experiment';
/** Times, in milliseconds since the epoch. */
export type ModelTimeAttribute = 'createdAt' | 'updatedAt';

/** A data set that metrics must have been measured on; without a digest, any version of that name, and the other way round. */
export interface OnDataset {
  readonly name?: string;
  readonly digest?: string;
}

export type LoggedModelCondition =
  | { readonly kind: 'and' | 'or'; readonly of: readonly LoggedModelCondition[] }
  | { readonly kind: 'not'; readonly of: LoggedModelCondition }
  | ({ readonly kind: 'text'; readonly attribute: ModelTextAttribute } & TextTest)
  | { readonly kind: 'time'; readonly attribute: ModelTimeAttribute; readonly op: NumberOp; readonly value: number }
  /** One measurement passes every test; without tests, there is one. `dataset` stands before the query's `datasets`. */
  | {
      readonly kind: 'metric';
      readonly key: string;
      readonly tests: readonly { readonly op: NumberOp; readonly value: number }[];
      readonly dataset?: OnDataset;
    }
  /** Any measurement on one of the query's `datasets`. */
  | { readonly kind: 'measured' }
  | ({ readonly kind: 'param' | 'tag'; readonly key: string } & TextTest)
  | { readonly kind: 'param' | 'tag'; readonly key: string; readonly op: 'EXISTS' }
  /** A param whose text is a number, as a number. */
  | { readonly kind: 'paramNumber'; readonly key: string; readonly op: NumberOp; readonly value: number };

/** Of a metric, the newest measurement of the last step counts. */
export type LoggedModelOrder = { readonly descending: boolean } & (
  | { readonly kind: 'text'; readonly attribute: ModelTextAttribute }
  | { readonly kind: 'time'; readonly attribute: ModelTimeAttribute }
  | { readonly kind: 'metric'; readonly key: string; readonly dataset?: OnDataset }
);

export interface LoggedModelQuery {
  /** Ids of the experiments to look in; absent: all that the caller may read and that are not in the trash. */
  readonly experimentIds?: readonly string[];
  /** All of them hold. */
  readonly where?: readonly LoggedModelCondition[];
  /** Metrics count only where they were measured on one of these. */
  readonly datasets?: readonly OnDataset[];
  /** Ties are broken by creation, newest first, then by id. Values that are missing come last, NaN before them, in both directions. */
  readonly orderBy?: readonly LoggedModelOrder[];
  readonly limit: number;
  /** Where the page before ended. */
  readonly after?: string;
}

/** Names of the metrics that a query asks for. */
export function metricNames({ where = [], orderBy = [] }: Pick<LoggedModelQuery, 'where' | 'orderBy'>): string[] {
  const asked = (condition: LoggedModelCondition): string[] => {
    if (condition.kind === 'and' || condition.kind === 'or') return condition.of.flatMap(asked);
    if (condition.kind === 'not') return asked(condition.of);
    return condition.kind === 'metric' ? [condition.key] : [];
  };
  return [...where.flatMap(asked), ...orderBy.flatMap((item) => (item.kind === 'metric' ? [item.key] : []))];
}
