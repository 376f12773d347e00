import type { EventData, EventName, LineageWriter, LoggedEvent, OpenLineageEvent } from '#contracts';
import type { LineageFactsPort } from './lineage-facts.port.js';

type Tail<F> = F extends (workspaceId: string, ...rest: infer R) => infer T ? (...rest: R) => T : never;
/** The port's questions in one workspace. */
export type WorkspaceFacts = { readonly [K in Exclude<keyof LineageFactsPort, 'workspaceName'>]: Tail<LineageFactsPort[K]> };

/** What a rule writes an event with. */
export interface LineageKit {
  readonly write: LineageWriter;
  readonly facts: WorkspaceFacts;
  /** When it happened. */
  readonly time: Date;
  /** The event that caused it, while the log holds that. */
  cause(): Promise<LoggedEvent | undefined>;
}

/** The one event of OpenLineage for one of ours; undefined when what it tells of is gone for good. */
type Rule<N extends EventName> = (kit: LineageKit, data: EventData<N>) => Promise<OpenLineageEvent | undefined>;
export type LineageRules = { readonly [N in EventName]?: Rule<N> };

/** The port's questions asked in a workspace. */
export function factsIn(facts: LineageFactsPort, workspaceId: string): WorkspaceFacts {
  return {
    dataset: (id) => facts.dataset(workspaceId, id),
    data: (ids) => facts.data(workspaceId, ids),
    checked: (id) => facts.checked(workspaceId, id),
    experiment: (id) => facts.experiment(workspaceId, id),
    run: (id) => facts.run(workspaceId, id),
    trainedBy: (runId) => facts.trainedBy(workspaceId, runId),
    datasetOfTemplate: (id) => facts.datasetOfTemplate(workspaceId, id),
    model: (id) => facts.model(workspaceId, id),
    modelVersion: (id) => facts.modelVersion(workspaceId, id),
    madeByRun: (runId) => facts.madeByRun(workspaceId, runId),
    verdict: (requestId) => facts.verdict(workspaceId, requestId),
    endpoint: (id) => facts.endpoint(workspaceId, id),
  };
}
