import { createCtx, type Ctx } from '#access';
import {
  AutomationView,
  ExecutionsService,
  GuardedClient,
  TriggersService,
  type ExecutionRow,
  type TriggerInput,
} from '#automation';
import type { EventData, EventName } from '#contracts';
import { UnitOfWork } from '#database';
import { Outbox } from '#messaging';
import { until } from '#testing';
import { JobsService, TemplatesService } from '#training';
import { digest, moreVersions, name, validDataset } from './builders.js';
import { hasRead, type Stack } from './stack.js';
import { ALLOWED } from './webhooks-kit.js';

/** Use cases of triggers as `ctx` has them, events said at will, and what tests ask of them again and again. */
export function triggersKit(stack: Stack, ctx: Ctx) {
  const service = stack.app.get(TriggersService);
  const { rules } = new GuardedClient(ALLOWED);
  const executionsOf = async (triggerId: string): Promise<ExecutionRow[]> =>
    (await stack.app.get(AutomationView).executionsByTriggers(ctx, [triggerId], { limit: 2000 })).reverse();

  return {
    service,
    rules,
    executions: stack.app.get(ExecutionsService),
    executionsOf,

    make: (input: Partial<TriggerInput> & Pick<TriggerInput, 'filter' | 'action'>, by: Ctx = ctx) =>
      service.create(by, { name: name('trigger'), ...input }, rules),

    /** Says an event as if something had happened; answers its id. */
    say<N extends EventName>(event: N, data: EventData<N>, more: Partial<Ctx> = {}): Promise<string> {
      const by = createCtx(ctx.workspaceId, { kind: 'system', name: 'test' }, more);
      const outbox = stack.app.get(Outbox);
      return stack.app.get(UnitOfWork).run({}, async (tx) => outbox.add(tx, by, event, `test/${name('subject')}`, data));
    },

    /** Executions of a trigger, oldest first, once there are `count` of them that have not to be waited for. */
    settled: (triggerId: string, count = 1) =>
      until(`${count} executions that ended`, async () => {
        const rows = await executionsOf(triggerId);
        return rows.length >= count && rows.every(({ state }) => ['COMPLETED', 'FAILED', 'SKIPPED'].includes(state)) && rows;
      }),

    inState: (triggerId: string, state: string) =>
      until(`an execution that is ${state}`, async () => (await executionsOf(triggerId)).find((row) => row.state === state)),

    /** A template on a data set with one valid version. */
    async template(by: Ctx = ctx) {
      const data = await validDataset(stack, by);
      const spec = { task: 'classification', label: 'label' };
      const { id } = await stack.app
        .get(TemplatesService)
        .create(by, { name: name('template'), datasetId: data.datasetId, spec, registerAs: null });
      return { templateId: id, ...data };
    },

    versions: (datasetId: string, count: number) => moreVersions(stack.rows, datasetId, count),

    jobsOf: (templateId: string) =>
      stack.rows<{ id: string; state: string; dataset_version_id: string; created_at: Date }>(
        'select id, state, dataset_version_id, created_at from training_job where template_id = $1 order by id',
        [templateId],
      ),

    /** Ends a queued job, as a person may. */
    cancel: (jobId: string) => stack.app.get(JobsService).cancel(ctx, jobId),

    /** Names of the events about a trigger, with their reasons. */
    saidOf: (triggerId: string) =>
      stack.rows<{ type: string; reason: string | null; count: number | null }>(
        `select replace(replace(type, 'io.tailrace.', ''), '.v1', '') as type, data ->> 'reason' as reason, (data -> 'count')::int as count from event_log
         where data ->> 'triggerId' = $1 order by pos`,
        [triggerId],
      ),

    /** Waits until the matcher has read all that was said so far. */
    matched: () => hasRead(stack, 'trigger-matcher'),

    /** The payload of a data set version that nobody has. */
    validated: (more: Partial<EventData<'dataset_version.validated'>> = {}): EventData<'dataset_version.validated'> => ({
      datasetId: `dst_${digest(name('d')).slice(0, 32)}`,
      versionId: `dsv_${digest(name('v')).slice(0, 32)}`,
      number: 1,
      parentId: null,
      rows: 10,
      warnings: 0,
      ...more,
    }),
  };
}

export type TriggersKit = ReturnType<typeof triggersKit>;
