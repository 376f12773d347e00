import { createCtx, type Ctx } from '#access';
import type { GateResult } from '#contracts';
import { RegistryReads } from '#reads/registry';
import {
  AliasesService,
  checkOpenName,
  ModelChangesService,
  mlflowStageFlow,
  PromotionService,
  ModelSearch,
  ModelsService,
  StagesService,
  VersionSearch,
  VersionsService,
  type Verdict,
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

/** A gate that found nothing wrong. */
export const PASSED: GateResult = { gate: { kind: 'data_valid' }, outcome: 'passed', message: 'ok', observed: null };

/** A verdict on the request's version as it is now. */
export async function passed(
  stack: Stack,
  requestId: string,
  results: readonly GateResult[] = [PASSED],
  championId: string | null = null,
): Promise<Verdict> {
  const { fingerprint, flow } = (await stack.app.get(RegistryReads).request(stack.workspaceId, requestId))!;
  const nothing = { measured: null, logged: null, parity: null, signature: null, scan: null, bytes: null, manifest: null };
  const evidence = { ...nothing, datasetState: undefined, champion: undefined, checks: {}, fingerprint, flow };
  return { results, evidence, championId };
}

/** Records what the gates of a request said, as the platform's job does. */
export async function gatesSaid(
  stack: Stack,
  requestId: string,
  ...said: [results?: readonly GateResult[], championId?: string | null]
) {
  const system = createCtx(stack.workspaceId, { kind: 'system', name: 'test' });
  await stack.app.get(PromotionService).recordGates(system, requestId, await passed(stack, requestId, ...said));
}
