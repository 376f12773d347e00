import { Injectable } from '@nestjs/common';
import { authorize, checkedProject, checkName, type Ctx, Journal } from '#access';
import { defaultStageFlow, GateSchema, StageFlowSchema, type EvaluationResult, type Signature, type StageFlow } from '#contracts';
import { UnitOfWork, type Tx } from '#database';
import { DomainError, newId } from '#kernel';
import { TrackingReads } from '#reads/tracking';
import { BlobRegistry } from '#storage';
import { LabelsStore } from './labels.store.js';
import { checkDescription, checkTags } from './model/labels.js';
import { RegistryStore } from './registry.store.js';

export interface NewModel {
  readonly name: string;
  readonly project?: string | null;
  readonly description?: string | null;
  readonly tags?: Readonly<Record<string, string>>;
  /** Gates of `production` in the default flow; or a whole flow. */
  readonly productionGates?: unknown;
  readonly flow?: unknown;
}

/** Throws BAD_INPUT for a name that its edge does not take: edges differ in what they can write into an address or a command. */
export type NameRule = (name: string) => void;

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

/** Use cases that make models, and register what the platform itself trained. */
@Injectable()
export class ModelsService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: RegistryStore,
    private readonly labels: LabelsStore,
    private readonly tracking: TrackingReads,
    private readonly journal: Journal,
    private readonly blobs: BlobRegistry,
  ) {}

  /** Throws CONFLICT when the name is taken, BAD_INPUT naming what is wrong in the name, the gates or the flow. */
  async create(ctx: Ctx, input: NewModel, nameRule: NameRule = checkName): Promise<{ id: string }> {
    const project = checkedProject(input.project);
    nameRule(input.name);
    checkTags(input.tags ?? {});
    checkDescription(input.description ?? '');
    authorize(ctx, 'registry.write', project);
    const flow = checkedFlow(input);
    return this.unitOfWork.run(ctx, async (tx) => {
      const id = await this.insertIn(tx, ctx, { ...input, project, flow });
      if (!id) throw nameTaken(input.name);
      return { id };
    });
  }

  /** Registers what a training made and the platform evaluated; once per run. Makes the model with the default flow when there is none. */
  async registerCandidate(ctx: Ctx, candidate: Candidate): Promise<{ id: string }> {
    const { model: name, project, runId } = candidate;
    const root = await this.tracking.artifactRoot(ctx.workspaceId, runId);
    return this.unitOfWork.run(ctx, async (tx) => {
      await this.insertIn(tx, ctx, { name, project, flow: defaultStageFlow([{ kind: 'data_valid' }]) });
      const model = (await this.store.lockModel(tx, ctx.workspaceId, { name }))!;
      const existing = await this.store.candidateOfRun(tx, model.id, runId);
      if (existing) return { id: existing.id };
      const { datasetVersionId, files, signature, evaluation, trainedBy } = candidate;
      const source = `runs:/${runId.replace(/^run_/, '')}/model`;
      const row = {
        id: newId('modelVersion'),
        workspaceId: ctx.workspaceId,
        modelId: model.id,
        number: model.lastNumber + 1,
        runId,
        candidateRun: runId,
        datasetVersionId,
        source,
        storageLocation: root ? `${root.uri}/model` : source,
        files: { ...files },
        signature,
        evaluation,
        trainedBy,
        createdBy: ctx.authId,
      };
      await this.blobs.hold(tx, ctx.workspaceId, Object.values(files));
      await this.store.insertVersion(tx, row);
      const data = {
        modelId: model.id,
        versionId: row.id,
        number: row.number,
        runId,
        datasetVersionId,
        name,
        prompt: false,
        source,
      };
      await this.journal.record(tx, ctx, {
        event: 'model_version.created',
        subject: { kind: 'model_version', id: row.id },
        data,
      });
      return { id: row.id };
    });
  }

  /** The new model's id; undefined when the name is taken. */
  private async insertIn(
    tx: Tx,
    ctx: Ctx,
    input: Omit<NewModel, 'flow'> & { readonly project: string; readonly flow: StageFlow },
  ): Promise<string | undefined> {
    const { name, project, flow, tags = {} } = input;
    const description = input.description ?? '';
    const id = newId('model');
    const row = { id, workspaceId: ctx.workspaceId, project, name, description, flow, createdBy: ctx.authId };
    if (!(await this.store.insertModel(tx, row))) return undefined;
    await this.labels.setModelTags(tx, id, tags);
    await this.journal.record(tx, ctx, {
      event: 'model.created',
      subject: { kind: 'model', id },
      data: { modelId: id, name, project, description, tags },
      after: flow,
    });
    return id;
  }
}

export function nameTaken(name: string): DomainError {
  return new DomainError('CONFLICT', `there is a model named ${name} already`, 'name', { reason: 'NAME_TAKEN' });
}

function checkedFlow(input: NewModel): StageFlow {
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
