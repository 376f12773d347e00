import type { Ctx } from '#access';
import {
  AliasesService,
  checkOpenName,
  ModelChangesService,
  mlflowStageFlow,
  ModelSearch,
  ModelsService,
  StagesService,
  VersionSearch,
  VersionsService,
} from '#registry';
import { name } from './builders.js';
import type { Stack } from './stack.js';

/** The registry's use cases as `ctx` has them, and what tests ask of them again and again. */
export function registryKit(stack: Stack, ctx: Ctx) {
  const models = stack.app.get(ModelsService);
  const versions = stack.app.get(VersionsService);
  const versionSearch = stack.app.get(VersionSearch);
  return {
    models,
    versions,
    versionSearch,
    changes: stack.app.get(ModelChangesService),
    aliases: stack.app.get(AliasesService),
    stages: stack.app.get(StagesService),
    modelSearch: stack.app.get(ModelSearch),

    /** A model with the open flow, as MLflow's clients make it. */
    async openModel(tags: Record<string, string> = {}, prefix = 'open model'): Promise<string> {
      const model = name(prefix);
      await models.create(ctx, { name: model, tags, flow: mlflowStageFlow() }, checkOpenName);
      return model;
    },

    async addVersion(model: string, source = 's3://bucket/model'): Promise<number> {
      return (await versions.create(ctx, { name: model }, { source })).number;
    },

    async stageOf(model: string, number: number): Promise<string | undefined> {
      return (await versionSearch.byNumber(ctx, model, number))?.stage;
    },

    /** Short names of the events that name the model, in their order. */
    async eventsOf(model: string): Promise<string[]> {
      const rows = await stack.rows<{ type: string }>(
        "select replace(replace(type, 'io.tailrace.', ''), '.v1', '') as type from event_log where data ->> 'name' = $1 order by pos",
        [model],
      );
      return rows.map(({ type }) => type);
    },
  };
}

export type RegistryKit = ReturnType<typeof registryKit>;
