import { Injectable } from '@nestjs/common';
import type { GateResult } from '#contracts';
import type { Tx } from '#database';
import { ApprovalEntity, StageRequestEntity } from './registry.entities.js';
import type { FrozenEvidence } from './model/evidence.js';
import { OPEN_STATES, type RequestState } from './model/stage-rules.js';

const OPEN = OPEN_STATES.map((state) => `'${state}'`).join(', ');

export type NewRequest = Pick<
  StageRequestEntity,
  | 'id'
  | 'workspaceId'
  | 'modelId'
  | 'versionId'
  | 'stage'
  | 'fromStage'
  | 'reason'
  | 'requestedBy'
  | 'memberId'
  | 'barred'
  | 'flowRevision'
>;

/** Rows of stage requests and of the decisions on them. */
@Injectable()
export class RequestsStore {
  /** False when a request for this stage is open for the version already. */
  async insert(tx: Tx, row: NewRequest): Promise<boolean> {
    const rows = await tx.query(
      `insert into stage_request (id, workspace_id, model_id, version_id, stage, from_stage, state, reason, requested_by, member_id, barred, flow_revision)
       values ($1, $2, $3, $4, $5, $6, 'EVALUATING', $7, $8, $9, $10, $11) on conflict do nothing returning 1`,
      [
        row.id,
        row.workspaceId,
        row.modelId,
        row.versionId,
        row.stage,
        row.fromStage,
        row.reason,
        row.requestedBy,
        row.memberId,
        row.barred,
        row.flowRevision,
      ],
    );
    return rows.length > 0;
  }

  lock(tx: Tx, workspaceId: string, id: string): Promise<StageRequestEntity | null> {
    return tx.first(StageRequestEntity, 'where workspace_id = $1 and id = $2 for update', [workspaceId, id]);
  }

  find(tx: Tx, workspaceId: string, id: string): Promise<StageRequestEntity | null> {
    return tx.first(StageRequestEntity, 'where workspace_id = $1 and id = $2', [workspaceId, id]);
  }

  /** Requests that are not settled, of a whole model or of one version. */
  open(tx: Tx, modelId: string, versionId?: string): Promise<StageRequestEntity[]> {
    const query = tx.em
      .createQueryBuilder(StageRequestEntity, 'q')
      .where(`q.modelId = :modelId and q.state in (${OPEN})`, { modelId });
    if (versionId) query.andWhere('q.versionId = :versionId', { versionId });
    return query.orderBy('q.id').getMany();
  }

  /** Compare-and-set on the request's state. */
  async set(
    tx: Tx,
    id: string,
    from: RequestState,
    to: RequestState,
    patch: { gates?: readonly GateResult[]; championId?: string | null; evidence?: FrozenEvidence; endedBecause?: string } = {},
  ): Promise<boolean> {
    const rows = await tx.query(
      `update stage_request set state = $3, gates = coalesce($4::jsonb, gates), evidence = coalesce($6::jsonb, evidence), ended_because = $7,
         champion_id = case when $4::jsonb is null then champion_id else $5 end,
         decided_at = case when $3 in ('DONE', 'REJECTED', 'BLOCKED', 'STALE') then clock_timestamp() else null end
        where id = $1 and state = $2 returning 1`,
      [
        id,
        from,
        to,
        patch.gates ? JSON.stringify(patch.gates) : null,
        patch.championId ?? null,
        patch.evidence ? JSON.stringify(patch.evidence) : null,
        patch.endedBecause ?? null,
      ],
    );
    return rows.length > 0;
  }

  async addApproval(tx: Tx, row: Omit<ApprovalEntity, 'at'>): Promise<boolean> {
    const rows = await tx.query(
      'insert into approval (id, request_id, member_id, decision, comment) values ($1, $2, $3, $4, $5) on conflict do nothing returning 1',
      [row.id, row.requestId, row.memberId, row.decision, row.comment],
    );
    return rows.length > 0;
  }

  async lastApprover(tx: Tx, requestId: string): Promise<string | undefined> {
    const [row] = await tx.query<{ memberId: string }>(
      `select member_id as "memberId" from approval where request_id = $1 and decision = 'approved' order by at desc limit 1`,
      [requestId],
    );
    return row?.memberId;
  }

  /** Approvals that count: of the last `hours`, where there is such a bound. */
  async approvers(tx: Tx, requestId: string, hours: number | undefined): Promise<string[]> {
    const rows = await tx.query<{ id: string }>(
      `select member_id as id from approval where request_id = $1 and decision = 'approved'
          and ($2::int is null or at > clock_timestamp() - make_interval(hours => $2))`,
      [requestId, hours ?? null],
    );
    return rows.map(({ id }) => id);
  }
}
