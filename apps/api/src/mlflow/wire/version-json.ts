import type { FoundVersion } from '#registry';
import { invalid } from './errors.js';
import { fromLoggedModelId, fromRunId } from './ids.js';
import { compact } from './json.js';

/** MLflow's own stages, in its letters; those of other flows are named as they are. */
const STAGES: Readonly<Record<string, string>> = {
  none: 'None',
  staging: 'Staging',
  production: 'Production',
  archived: 'Archived',
};

/** `stages`: those of the model's flow, where they are not MLflow's. */
export function stageOf(stage: string, stages: readonly string[] = []): string {
  const name = stage.toLowerCase();
  if (Object.hasOwn(STAGES, name) || stages.includes(name)) return name;
  throw invalid(`Invalid Model Version stage: ${stage}. Value must be one of ${Object.values(STAGES).join(', ')}.`);
}

export const tagList = (tags: Readonly<Record<string, string>>) => Object.entries(tags).map(([key, value]) => ({ key, value }));
/** A list with something in it: empty ones are not sent. */
export const some = <T>(items: readonly T[]): readonly T[] | undefined => (items.length > 0 ? items : undefined);

export function toVersion(version: FoundVersion) {
  const { loggedModelId, runId } = version;
  return compact({
    name: version.model,
    version: String(version.number),
    creation_timestamp: version.createdAt.getTime(),
    last_updated_timestamp: version.updatedAt.getTime(),
    user_id: version.userName || undefined,
    current_stage: STAGES[version.stage] ?? version.stage,
    description: version.description,
    source: version.source ?? '',
    run_id: runId === null ? '' : fromRunId(runId),
    run_link: version.runLink ?? '',
    status: version.status,
    status_message: version.statusMessage,
    model_id: loggedModelId?.startsWith('lgm_') ? fromLoggedModelId(loggedModelId) : loggedModelId,
    tags: some(tagList(version.tags)),
    aliases: some(version.aliases),
  });
}
