import { Injectable } from '@nestjs/common';
import { AccessView, grantsRole, memberOf, othersOf, type Ctx, type Role } from '#access';
import { kindOfId } from '#kernel';
import { TrackingReads } from '#reads/tracking';
import { TrainingReads } from '#reads/training';
import type { ModelVersionEntity } from './registry.entities.js';

/** Who had a hand in a version and in the wish to move it: the asker in the sense of a flow, who may not approve. And who may. */
@Injectable()
export class HandsView {
  constructor(
    private readonly tracking: TrackingReads,
    private readonly training: TrainingReads,
    private readonly access: AccessView,
  ) {}

  /** Those among members who have at least `role` on a project now: what one has said who has it no more does not count. */
  async withRole(members: readonly string[], role: Role, project: string): Promise<string[]> {
    const all = Map.groupBy(await this.access.grantsByMembers(members), ({ memberId }) => memberId);
    return members.filter((member) => grantsRole(all.get(member) ?? [], role, project));
  }

  async nameOf(ctx: Ctx, member: string): Promise<string | undefined> {
    return (await this.access.membersByIds(ctx, [member]))[0]?.name;
  }

  /** The members who ask now, who made the version, and who started its training, in person or through a trigger; each once. */
  async inRequest(ctx: Ctx, version: Pick<ModelVersionEntity, 'runId' | 'trainedBy' | 'createdBy'>): Promise<string[]> {
    const { runId, trainedBy, createdBy } = version;
    const run = runId ? await this.tracking.run(ctx.workspaceId, runId) : undefined;
    const job = runId ? await this.training.jobOfRun(ctx.workspaceId, runId) : undefined;
    const starters = [run?.createdBy, job?.memberId, ...(job?.others ?? [])];
    return members(memberOf(ctx), ...othersOf(ctx), trainedBy, createdBy, ...starters);
  }
}

/** Members among those who had a hand in it, each once. */
function members(...ids: readonly (string | null | undefined)[]): string[] {
  return [...new Set(ids.filter((id): id is string => typeof id === 'string' && kindOfId(id) === 'member'))];
}
