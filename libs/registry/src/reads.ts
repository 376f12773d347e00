import { Injectable, Module } from '@nestjs/common';
import { DataSource, IsNull } from 'typeorm';
import { select } from '#database';
import { isDomainError } from '#kernel';
import type { EvaluationData, Gate, GateResult, ManifestFile, ScanResult, Signature, VersionEvaluation } from '#contracts';
import type { FilesAt } from '#reads/tracking';
import { fingerprintOf, flowOf, type FrozenEvidence } from './model/evidence.js';
import { moveFor } from './model/stage-rules.js';
import { ModelEvaluationEntity, type EvaluationState } from './evaluations.entities.js';
import { ModelEntity, ModelVersionEntity, StageRequestEntity } from './registry.entities.js';

/** A model version as other rooms may know it. */
export interface VersionFacts {
  readonly id: string;
  readonly modelId: string;
  readonly number: number;
  /** Null where its maker named none; it may be one that only a client knows. */
  readonly runId: string | null;
  readonly datasetVersionId: string | null;
  readonly stage: string;
  readonly files: Readonly<Record<string, string>>;
  /** Where its files are, when a client registered it: a run, a logged model, and the place that its maker named. */
  readonly source: FilesAt | null;
  /** Null for a version that a client registered, whose `files` are empty: the platform cannot serve it. */
  readonly signature: Signature | null;
  readonly evaluation: VersionEvaluation | null;
  /** Every file with its size and hash; null until the files were looked at. */
  readonly manifest: readonly ManifestFile[] | null;
  readonly scan: ScanResult | null;
}

/** An open request with what its gates need to look at. */
export interface RequestFacts {
  readonly id: string;
  readonly state: string;
  readonly stage: string;
  readonly version: VersionFacts;
  readonly champion: VersionFacts | undefined;
  readonly gates: readonly Gate[];
  readonly flow: FrozenEvidence['flow'];
  /** Of the version as it is now. */
  readonly fingerprint: string;
}

/** A version of a model as lineage tells of it to others. */
export interface ModelLineageFacts {
  readonly id: string;
  readonly model: string;
  readonly project: string;
  readonly number: number;
  readonly runId: string | null;
  readonly datasetVersionId: string | null;
}

const LINEAGE = `select v.id, m.name as model, m.project, v.number, v.run_id as "runId", v.dataset_version_id as "datasetVersionId" from model_version v join model m on m.id = v.model_id where v.workspace_id = $1`;

@Injectable()
export class RegistryReads {
  constructor(private readonly dataSource: DataSource) {}

  async model(
    workspaceId: string,
    id: string,
  ): Promise<{ id: string; name: string; project: string; stages: string[] } | undefined> {
    const row = await this.dataSource.getRepository(ModelEntity).findOneBy({ workspaceId, id });
    return row
      ? { id: row.id, name: row.name, project: row.project, stages: row.flow.stages.map((stage) => stage.name) }
      : undefined;
  }

  async version(workspaceId: string, id: string): Promise<VersionFacts | undefined> {
    const where = { workspaceId, id, deletedAt: IsNull() };
    const row = await this.dataSource.getRepository(ModelVersionEntity).findOneBy(where);
    return row ? toFacts(row) : undefined;
  }

  /** A version, deleted or not; undefined once its model is gone. */
  async lineage(workspaceId: string, id: string): Promise<ModelLineageFacts | undefined> {
    return (await select<ModelLineageFacts>(this.dataSource, `${LINEAGE} and v.id = $2`, [workspaceId, id]))[0];
  }

  /** What was registered of a run, at most 500 versions. */
  async madeByRun(workspaceId: string, runId: string): Promise<ModelLineageFacts[]> {
    const sql = `${LINEAGE} and v.run_id = $2 and v.deleted_at is null order by v.id limit 500`;
    return select(this.dataSource, sql, [workspaceId, runId]);
  }

  /** What a request is for, and what its gates said. */
  async verdict(
    workspaceId: string,
    requestId: string,
  ): Promise<{ versionId: string; stage: string; gates: readonly GateResult[] } | undefined> {
    const row = await this.dataSource.getRepository(StageRequestEntity).findOneBy({ workspaceId, id: requestId });
    return row ? { versionId: row.versionId, stage: row.stage, gates: row.gates } : undefined;
  }

  /** The version that stands in a stage that holds one. */
  async holder(workspaceId: string, modelId: string, stage: string): Promise<VersionFacts | undefined> {
    const row = await this.dataSource.getRepository(ModelVersionEntity).findOneBy({ workspaceId, modelId, slot: stage });
    return row ? toFacts(row) : undefined;
  }

  /** The newest version of a model. */
  async newestVersion(workspaceId: string, modelId: string): Promise<VersionFacts | undefined> {
    const where = { workspaceId, modelId, deletedAt: IsNull() };
    const row = await this.dataSource.getRepository(ModelVersionEntity).findOne({ where, order: { number: 'DESC' } });
    return row ? toFacts(row) : undefined;
  }

  /** How far an evaluation is. */
  async evaluation(
    workspaceId: string,
    id: string,
  ): Promise<{ state: EvaluationState; reason: string | null; data: EvaluationData | null } | undefined> {
    const row = await this.dataSource.getRepository(ModelEvaluationEntity).findOneBy({ workspaceId, id });
    return row ? { state: row.state, reason: row.reason, data: row.data } : undefined;
  }

  async request(workspaceId: string, id: string): Promise<RequestFacts | undefined> {
    const row = await this.dataSource.getRepository(StageRequestEntity).findOneBy({ workspaceId, id });
    if (!row) return undefined;
    const model = await this.dataSource.getRepository(ModelEntity).findOneByOrFail({ id: row.modelId });
    const version = await this.dataSource.getRepository(ModelVersionEntity).findOneBy({ id: row.versionId, deletedAt: IsNull() });
    if (!version) return undefined;
    return {
      id,
      state: row.state,
      stage: row.stage,
      version: toFacts(version),
      champion: await this.holder(workspaceId, row.modelId, row.stage),
      gates: gatesOf(model, version, row.stage),
      flow: flowOf(model.flow, model.flowRevision),
      fingerprint: fingerprintOf(version),
    };
  }
}

function toFacts(row: ModelVersionEntity): VersionFacts {
  const { runId, loggedModelId, storageLocation } = row;
  const owner = loggedModelId ?? runId;
  return { ...row, source: owner && storageLocation ? { owner, location: storageLocation } : null };
}

/** None for a move that is not there any more: whoever records their verdict finds that out too. */
function gatesOf(model: ModelEntity, version: ModelVersionEntity, stage: string): readonly Gate[] {
  try {
    return moveFor(model.flow, version.stage, stage).gates;
  } catch (error) {
    if (isDomainError(error)) return [];
    throw error;
  }
}

@Module({ providers: [RegistryReads], exports: [RegistryReads] })
export class RegistryReadsModule {}
