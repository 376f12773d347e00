import type { Column, DatasetProfile, Finding, GateResult } from '#contracts';

export const LINEAGE_FACTS_PORT = Symbol('LineageFactsPort');

export interface NamedPlace {
  readonly name: string;
  readonly project: string;
}

export interface DataFacts extends NamedPlace {
  readonly number: number;
  readonly format: string;
  /** Null where they are not known, or too many to be told. */
  readonly columns: readonly Column[] | null;
}

/** With what a check has measured and found. */
export interface CheckedFacts extends DataFacts {
  readonly profile: DatasetProfile | null;
  readonly findings: readonly Finding[];
  /** Bytes of the uploaded file. */
  readonly size: number;
}

export interface RunFacts {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  /** How often it has gone on after an end. */
  readonly resumes: number;
  readonly parentId: string | null;
  readonly experiment: string;
  readonly project: string;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly datasetVersionIds: readonly string[];
  readonly datasets: readonly { readonly name: string; readonly digest: string; readonly sourceType: string }[];
  readonly models: readonly (NamedPlace & { readonly id: string; readonly direction: 'input' | 'output' })[];
}

export interface ModelFacts {
  readonly model: string;
  readonly project: string;
  readonly number: number;
  /** A run of ours, or the name of one that only a client knows. */
  readonly runId: string | null;
  readonly datasetVersionId: string | null;
}

/**
 * What OpenLineage asks about the subjects of thin events, as their domains have it now; bound where the domains are put together. What is gone for good is
 * undefined.
 */
export interface LineageFactsPort {
  workspaceName(workspaceId: string): Promise<string>;
  dataset(workspaceId: string, id: string): Promise<(NamedPlace & { readonly description: string }) | undefined>;
  /** Those of the versions that there are. */
  data(workspaceId: string, versionIds: readonly string[]): Promise<readonly DataFacts[]>;
  checked(workspaceId: string, versionId: string): Promise<CheckedFacts | undefined>;
  experiment(workspaceId: string, id: string): Promise<NamedPlace | undefined>;
  run(workspaceId: string, id: string): Promise<RunFacts | undefined>;
  /** The template that trained a run, and why its job failed. */
  trainedBy(
    workspaceId: string,
    runId: string,
  ): Promise<{ readonly template: string; readonly project: string; readonly reason: string | null } | undefined>;
  datasetOfTemplate(workspaceId: string, templateId: string): Promise<string | undefined>;
  model(workspaceId: string, id: string): Promise<NamedPlace | undefined>;
  modelVersion(workspaceId: string, id: string): Promise<ModelFacts | undefined>;
  /** Versions of models that were registered of a run. */
  madeByRun(workspaceId: string, runId: string): Promise<readonly ModelFacts[]>;
  verdict(
    workspaceId: string,
    requestId: string,
  ): Promise<{ readonly versionId: string; readonly stage: string; readonly gates: readonly GateResult[] } | undefined>;
  endpoint(workspaceId: string, id: string): Promise<NamedPlace | undefined>;
}
