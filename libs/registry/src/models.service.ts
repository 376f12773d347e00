import { Injectable } from '@nestjs/common';
import { authorize, checkedProject, checkName, type Ctx, Journal } from '#access';
import { defaultStageFlow, GateSchema, StageFlowSchema, type EvaluationResult, type Signature } from '#contracts';
import { UnitOfWork } from '#database';
import { DomainError, newId } from '#kernel';
import { RegistryStore } from './registry.store.js';

export interface NewModel {
  readonly name: string;
  readonly project?: string | null;
  readonly description?: string | null;
  /** Gates of `production` in the default flow; or a whole flow. */
  readonly productionGates?: unknown;
  readonly flow?: unknown;
}

export interface Candidate {
  readonly model: string;
  readonly project: string;
  readonly runId: string;
  readonly datasetVersionId: string;
  readonly files: Readonly<Record<string, string>>;
  readonly signature: Signature;
  readonly evaluation: EvaluationResult;
  readonly trainedBy: string | null;
}

/** Use cases of models and their versions. */
@Injectable()
export class ModelsService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: RegistryStore,
    private readonly journal: Journal,
  ) {}

  /** Throws CONFLICT when the name is taken, BAD_INPUT naming what is wrong in the gates or the flow. */
  async create(ctx: Ctx, input: NewModel): Promise<{ id: string }> {
    const project = checkedProject(input.project);
    checkName(input.name);
    authorize(ctx, 'registry.write', project);
    const flow = checkedFlow(input);
    return this.unitOfWork.run(ctx, async (tx) => {
      const id = newId('model');
      const row = {
        id,
        workspaceId: ctx.workspaceId,
        project,
        name: input.name,
        description: input.description ?? '',
        flow,
        createdBy: ctx.authId,
      };
      if (!(await this.store.insertModel(tx, row)))
        throw new DomainError('CONFLICT', `there is a model named ${input.name} already`, 'name');
      await this.journal.record(tx, ctx, {
        event: 'model.created',
        subject: { kind: 'model', id },
        data: { modelId: id, name: input.name, project },
        after: flow,
      });
      return { id };
    });
  }

  /** Registers what a training made and the platform evaluated; once per run. Makes the model with the default flow when there is none. */
  async registerCandidate(ctx: Ctx, candidate: Candidate): Promise<{ id: string }> {
    return this.unitOfWork.run(ctx, async (tx) => {
      const id = newId('model');
      const row = {
        id,
        workspaceId: ctx.workspaceId,
        project: candidate.project,
        name: candidate.model,
        description: '',
        flow: defaultStageFlow([{ kind: 'data_valid' }]),
        createdBy: ctx.authId,
      };
      if (await this.store.insertModel(tx, row))
        await this.journal.record(tx, ctx, {
          event: 'model.created',
          subject: { kind: 'model', id },
          data: { modelId: id, name: candidate.model, project: candidate.project },
        });
      const model = (await this.store.lockModel(tx, ctx.workspaceId, { name: candidate.model }))!;
      const existing = await this.store.versionOfRun(tx, model.id, candidate.runId);
      if (existing) return { id: existing.id };
      const versionId = newId('modelVersion');
      const number = model.lastNumber + 1;
      const { files, signature, evaluation, runId, datasetVersionId, trainedBy } = candidate;
      await this.store.insertVersion(tx, {
        id: versionId,
        workspaceId: ctx.workspaceId,
        modelId: model.id,
        number,
        runId,
        datasetVersionId,
        files: { ...files },
        signature,
        evaluation,
        trainedBy,
        createdBy: ctx.authId,
      });
      await this.journal.record(tx, ctx, {
        event: 'model_version.created',
        subject: { kind: 'model_version', id: versionId },
        data: { modelId: model.id, versionId, number, runId, datasetVersionId },
      });
      return { id: versionId };
    });
  }
}

function checkedFlow(input: NewModel) {
  const gates = GateSchema.array().safeParse(input.productionGates ?? [{ kind: 'data_valid' }]);
  const flow = StageFlowSchema.safeParse(input.flow ?? defaultStageFlow(gates.data ?? []));
  for (const [parsed, field] of [
    [gates, 'productionGates'],
    [flow, 'flow'],
  ] as const)
    if (!parsed.success) {
      const issue = parsed.error.issues[0]!;
      throw new DomainError('BAD_INPUT', `${[field, ...issue.path].join('.')}: ${issue.message}`, field);
    }
  return flow.data!;
}
