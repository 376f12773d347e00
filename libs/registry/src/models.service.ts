import { Injectable } from '@nestjs/common';
import { authorize, checkedProject, checkName, type Ctx, Journal } from '#access';
import { defaultStageFlow, GateSchema, type EvaluationResult, type Signature, type StageFlow } from '#contracts';
import { UnitOfWork, type Tx } from '#database';
import { DomainError, newId } from '#kernel';
import { TrackingReads } from '#reads/tracking';
import { BlobRegistry } from '#storage';
import { LabelsStore } from './labels.store.js';
import { checkDescription, checkTags } from './model/labels.js';
import { checkedFlow, DEFAULT_FLOW, MLFLOW_FLOW } from './model/stage-rules.js';
import { RegistryStore } from './registry.store.js';

export interface NewModel {
  readonly name: string;
  readonly project?: string | null;
  readonly description?: string | null;
  readonly tags?: Readonly<Record<string, string>>;
  /** Gates of `production` in the default flow; or a whole flow; or the name of one of the workspace's. Nothing: the workspace's `default`. */
  readonly productionGates?: unknown;
  readonly flow?: unknown;
  readonly flowName?: string | null;
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
    const chosen = flowOf(input);
    return this.unitOfWork.run(ctx, async (tx) => {
      const made = await this.insertIn(tx, ctx, { ...input, ...chosen, project });
      if (!made) throw nameTaken(input.name);
      if (input.flowName && !made.flowId)
        throw new DomainError('NOT_FOUND', `there is no stage flow named ${input.flowName}`, 'flowName');
      return { id: made.id };
    });
  }

  /** Registers what a training made and the platform evaluated; once per run. Makes the model with the default flow when there is none. */
  async registerCandidate(ctx: Ctx, candidate: Candidate): Promise<{ id: string }> {
    const { model: name, project, runId } = candidate;
    const root = await this.tracking.artifactRoot(ctx.workspaceId, runId);
    return this.unitOfWork.run(ctx, async (tx) => {
      await this.insertIn(tx, ctx, { name, project, ...flowOf({}) });
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

  /** Undefined when the name is taken. */
  private async insertIn(
    tx: Tx,
    ctx: Ctx,
    input: Pick<NewModel, 'name' | 'tags' | 'description'> & ChosenFlow & { readonly project: string },
  ): Promise<{ id: string; flowId: string | null } | undefined> {
    const { name, project, flow, flowName, tags = {} } = input;
    const description = input.description ?? '';
    const id = newId('model');
    const row = { id, workspaceId: ctx.workspaceId, project, name, description, flow, flowName, createdBy: ctx.authId };
    const made = await this.store.insertModel(tx, row);
    if (!made) return undefined;
    await this.labels.setModelTags(tx, id, tags);
    await this.journal.record(tx, ctx, {
      event: 'model.created',
      subject: { kind: 'model', id },
      data: { modelId: id, name, project, description, tags },
      after: made.flow,
    });
    return { id, flowId: made.flowId };
  }
}

export function nameTaken(name: string): DomainError {
  return new DomainError('CONFLICT', `there is a model named ${name} already`, 'name', { reason: 'NAME_TAKEN' });
}

interface ChosenFlow {
  readonly flow: StageFlow;
  readonly flowName: string | null;
}

/** By name, whole, by the gates of `production`, or the default; for the last one and MLflow's the workspace may have a flow of that name. */
function flowOf(input: Pick<NewModel, 'flow' | 'flowName' | 'productionGates'>): ChosenFlow {
  const given = [input.flow, input.flowName, input.productionGates].filter((each) => each !== undefined && each !== null);
  if (given.length > 1) throw new DomainError('BAD_INPUT', 'give one of flow, flowName and productionGates, not several', 'flow');
  if (input.flow) {
    const flow = checkedFlow(input.flow, 'flow');
    return { flow, flowName: flow.name === MLFLOW_FLOW ? MLFLOW_FLOW : null };
  }
  const gates = GateSchema.array().safeParse(input.productionGates ?? [{ kind: 'data_valid' }]);
  if (!gates.success) {
    const issue = gates.error.issues[0]!;
    throw new DomainError('BAD_INPUT', `${['productionGates', ...issue.path].join('.')}: ${issue.message}`, 'productionGates');
  }
  return { flow: defaultStageFlow(gates.data), flowName: input.flowName ?? (input.productionGates ? null : DEFAULT_FLOW) };
}
