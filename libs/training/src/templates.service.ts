import { Injectable } from '@nestjs/common';
import { authorize, checkedProject, checkName, type Ctx, Journal } from '#access';
import { TrainingSpecSchema, type TrainingSpec } from '#contracts';
import { UnitOfWork } from '#database';
import { DomainError, newId } from '#kernel';
import { DatasetReads } from '#reads/datasets';
import { TrainingStore } from './training.store.js';

export interface TemplateInput {
  readonly name: string;
  readonly project?: string | null;
  readonly datasetId: string;
  readonly spec: unknown;
  readonly experiment?: string | null;
  readonly registerAs?: string | null;
}

/** Use cases of training templates. */
@Injectable()
export class TemplatesService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: TrainingStore,
    private readonly datasets: DatasetReads,
    private readonly journal: Journal,
  ) {}

  /** Throws BAD_SPEC naming the path in the spec that is wrong, or the column that the data set does not have. */
  async create(ctx: Ctx, input: TemplateInput): Promise<{ id: string }> {
    const project = checkedProject(input.project);
    checkName(input.name);
    authorize(ctx, 'training.write', project);
    const spec = await this.checkedSpec(ctx, input.datasetId, input.spec);
    return this.unitOfWork.run(ctx, async (tx) => {
      const id = newId('template');
      const row = {
        id,
        workspaceId: ctx.workspaceId,
        project,
        name: input.name,
        spec,
        datasetId: input.datasetId,
        experiment: input.experiment ?? input.name,
        registerAs: input.registerAs ?? null,
        createdBy: ctx.authId,
      };
      if (!(await this.store.insertTemplate(tx, row)))
        throw new DomainError('CONFLICT', `there is a template named ${input.name} already`, 'name');
      await this.journal.record(tx, ctx, {
        event: 'template.created',
        subject: { kind: 'template', id },
        data: { templateId: id, name: input.name, project, revision: 1 },
        after: spec,
      });
      return { id };
    });
  }

  /** A new revision; jobs that were made keep the one they were made with. */
  async update(ctx: Ctx, templateId: string, rawSpec: unknown): Promise<{ id: string }> {
    return this.unitOfWork.run(ctx, async (tx) => {
      const template = await this.store.lockTemplate(tx, ctx.workspaceId, templateId);
      if (!template) throw new DomainError('NOT_FOUND', `there is no template ${templateId}`, 'templateId');
      authorize(ctx, 'training.write', template.project);
      const spec = await this.checkedSpec(ctx, template.datasetId, rawSpec);
      const revision = template.revision + 1;
      await this.store.updateTemplate(tx, templateId, { spec, revision });
      await this.journal.record(tx, ctx, {
        event: 'template.updated',
        subject: { kind: 'template', id: templateId },
        data: { templateId, name: template.name, project: template.project, revision },
        before: template.spec,
        after: spec,
      });
      return { id: templateId };
    });
  }

  private async checkedSpec(ctx: Ctx, datasetId: string, raw: unknown): Promise<TrainingSpec> {
    const parsed = TrainingSpecSchema.safeParse(raw);
    if (!parsed.success) {
      const issue = parsed.error.issues[0]!;
      throw new DomainError('BAD_SPEC', `${issue.path.join('.') || 'spec'}: ${issue.message}`, `spec.${issue.path.join('.')}`);
    }
    const version = await this.datasets.newestValid(ctx.workspaceId, datasetId);
    if (!version?.columns) return parsed.data;
    const known = version.columns.map((column) => column.name);
    const unknown = [parsed.data.label, ...(parsed.data.features ?? [])].find((name) => !known.includes(name));
    if (unknown !== undefined)
      throw new DomainError(
        'BAD_SPEC',
        `the data set has no column "${unknown}"; it has ${known.map((name) => `"${name}"`).join(', ')}`,
        'spec',
      );
    return parsed.data;
  }
}
