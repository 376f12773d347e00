/** Messages of MLflow's REST API, as far as they are read here. What a server sends is untrusted: numbers may come as text, fields may be missing. */
export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

export interface Metric {
  readonly key: string;
  /** NaN and infinities are text. */
  readonly value: number | string;
  readonly timestamp: number;
  readonly step: number;
}

export interface ModelMetric extends Metric {
  readonly run_id?: string;
  readonly model_id?: string;
  readonly dataset_name?: string;
  readonly dataset_digest?: string;
}

export interface Experiment {
  readonly experiment_id: string;
  readonly name: string;
  readonly lifecycle_stage?: string;
  readonly tags?: readonly KeyValue[];
}

export interface DatasetInput {
  readonly tags?: readonly KeyValue[];
  readonly dataset: Readonly<Record<'name' | 'digest' | 'source_type' | 'source' | 'schema' | 'profile', string | undefined>>;
}

export interface RunInfo {
  readonly run_id: string;
  readonly run_name?: string;
  readonly experiment_id: string;
  readonly user_id?: string;
  readonly status?: string;
  readonly start_time?: number | string;
  readonly end_time?: number | string;
  readonly artifact_uri?: string;
  readonly lifecycle_stage?: string;
}

export interface Run {
  readonly info: RunInfo;
  readonly data?: {
    readonly metrics?: readonly Metric[];
    readonly params?: readonly KeyValue[];
    readonly tags?: readonly KeyValue[];
  };
  readonly inputs?: {
    readonly dataset_inputs?: readonly DatasetInput[];
    readonly model_inputs?: readonly { readonly model_id: string }[];
  };
  readonly outputs?: { readonly model_outputs?: readonly { readonly model_id: string; readonly step?: number | string }[] };
}

export interface LoggedModel {
  readonly info: {
    readonly model_id: string;
    readonly experiment_id: string;
    readonly name?: string;
    readonly artifact_uri?: string;
    readonly status?: string;
    readonly model_type?: string;
    readonly source_run_id?: string;
    readonly tags?: readonly KeyValue[];
  };
  readonly data?: { readonly params?: readonly KeyValue[]; readonly metrics?: readonly ModelMetric[] };
}

export interface RegisteredModel {
  readonly name: string;
  readonly description?: string;
  readonly tags?: readonly KeyValue[];
  readonly aliases?: readonly { readonly alias: string; readonly version: string }[];
}

export interface ModelVersion {
  readonly name: string;
  readonly version: string;
  readonly current_stage?: string;
  readonly description?: string;
  readonly source?: string;
  readonly run_id?: string;
  readonly run_link?: string;
  readonly model_id?: string;
  readonly tags?: readonly KeyValue[];
}

export interface FileInfo {
  readonly path: string;
  readonly is_dir?: boolean;
  readonly file_size?: number | string;
}

export function tagOf(tags: readonly KeyValue[] | undefined, key: string): string | undefined {
  return tags?.find((tag) => tag.key === key)?.value;
}

export function recordOf(items: readonly KeyValue[] | undefined): Record<string, string> {
  return Object.fromEntries((items ?? []).map(({ key, value }) => [key, value ?? '']));
}

export function pairsOf(record: Readonly<Record<string, string>>): KeyValue[] {
  return Object.entries(record).map(([key, value]) => ({ key, value }));
}

/** Numbers as they are, or their text; anything else is absent. */
export function numberOf(value: number | string | undefined): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}
