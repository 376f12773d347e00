import { Injectable } from '@nestjs/common';
import type { VersionEvaluation } from '#contracts';
import type { Tx } from '#database';
import { ModelEvaluationEntity, type EvaluationState } from './evaluations.entities.js';

/** Rows of evaluations, and the figures that they leave on their version. */
@Injectable()
export class EvaluationsStore {
  async insert(
    tx: Tx,
    row: Pick<ModelEvaluationEntity, 'id' | 'workspaceId' | 'modelId' | 'versionId' | 'data' | 'requestedBy'>,
  ): Promise<void> {
    await tx.insert(ModelEvaluationEntity, row);
  }

  find(tx: Tx, workspaceId: string, id: string): Promise<ModelEvaluationEntity | null> {
    return tx.first(ModelEvaluationEntity, 'where workspace_id = $1 and id = $2', [workspaceId, id]);
  }

  /** The one of a version that has not ended; the caller holds the lock of its model. */
  open(tx: Tx, versionId: string): Promise<ModelEvaluationEntity | null> {
    return tx.first(ModelEvaluationEntity, "where version_id = $1 and state = 'REQUESTED' limit 1", [versionId]);
  }

  /** By compare-and-set; false when it has ended already. */
  async end(tx: Tx, id: string, state: Exclude<EvaluationState, 'REQUESTED'>, reason: string | null): Promise<boolean> {
    const rows = await tx.query(
      "update model_evaluation set state = $2, reason = $3, ended_at = clock_timestamp() where id = $1 and state = 'REQUESTED' returning 1",
      [id, state, reason],
    );
    return rows.length > 0;
  }

  async setFigures(tx: Tx, versionId: string, evaluation: VersionEvaluation): Promise<void> {
    await tx.query('update model_version set evaluation = $2 where id = $1', [versionId, JSON.stringify(evaluation)]);
  }
}
