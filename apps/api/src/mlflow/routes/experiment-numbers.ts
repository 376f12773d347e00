import { Injectable } from '@nestjs/common';
import type { Ctx } from '#access';
import { isDomainError } from '#kernel';
import { ExperimentSearch, ExperimentsService, type ExperimentPlace, type FoundExperiment } from '#tracking';
import { invalid, missing, MlflowError } from '../wire/errors.js';

/** Experiments by the number that MLflow's clients know them by. */
@Injectable()
export class ExperimentNumbers {
  private readonly remembered = new Map<string, ExperimentPlace>();

  constructor(
    private readonly search: ExperimentSearch,
    private readonly service: ExperimentsService,
  ) {}

  /** Throws RESOURCE_DOES_NOT_EXIST also for an experiment that the caller may not read. */
  async find(ctx: Ctx, id: string): Promise<FoundExperiment> {
    const number = experimentNumber(id);
    await this.service.ensureDefault(ctx.workspaceId);
    const found = await this.search.byNumber(ctx, number);
    if (!found) throw noExperiment(id);
    return found;
  }

  /** What never changes of an experiment, remembered, whoever asks: the use case that gets its id checks the rights. */
  async known(ctx: Ctx, id: string): Promise<ExperimentPlace> {
    const mark = `${ctx.workspaceId}/${id}`;
    const remembered = this.remembered.get(mark);
    if (remembered) return remembered;
    const number = experimentNumber(id);
    await this.service.ensureDefault(ctx.workspaceId);
    const found = await this.search.placeOf(ctx.workspaceId, number);
    if (!found) throw noExperiment(id);
    if (this.remembered.size > 10_000) this.remembered.clear();
    this.remembered.set(mark, found);
    return found;
  }

  /** Our ids of those that there are, for searches. */
  async knownIds(ctx: Ctx, ids: readonly string[]): Promise<string[]> {
    const found: string[] = [];
    for (const id of new Set(ids)) {
      const known = await this.known(ctx, id).catch((error: unknown) => {
        if (error instanceof MlflowError && error.code === 'RESOURCE_DOES_NOT_EXIST') return undefined;
        throw error;
      });
      if (known) found.push(known.id);
    }
    return found;
  }
}

function experimentNumber(id: string): number {
  if (!/^\d{1,9}$/.test(id)) throw invalid(`Invalid experiment ID '${id}'. Experiment ID must be a valid integer.`);
  return Number(id);
}

/** For use cases on the experiment of that number: one in the trash has MLflow's own text. */
export function deletedExperiment(id: string): (error: unknown) => never {
  return (error) => {
    if (isDomainError(error) && error.details?.['reason'] === 'EXPERIMENT_DELETED')
      throw invalid(`The experiment ${id} must be in the 'active' state. Current state is deleted.`);
    throw error;
  };
}

export function noExperiment(id: string): MlflowError {
  return missing(`No Experiment with id=${id} exists`);
}

/** Where an experiment's artifacts are. */
export function artifactRoot(experiment: { artifactLocation: string | null; number: number }): string {
  return experiment.artifactLocation ?? `mlflow-artifacts:/${experiment.number}`;
}
