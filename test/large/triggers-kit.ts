import { uniqueName, until, type Client } from '#testing';

const CREATE = `mutation ($input: CreateTriggerInput!) { createTrigger(input: $input) { trigger { id nextFireAt } userErrors { code message field } } }`;
const EXECUTIONS = `query ($id: ID!, $after: String, $state: [TriggerExecutionState!]) { node(id: $id) { ... on Trigger {
  executions(first: 200, after: $after, state: $state) { pageInfo { hasNextPage endCursor } edges { node { id eventId state reason cause outcome } } } } } }`;
const NEXT = 'query ($id: ID!) { node(id: $id) { ... on Trigger { nextFireAt } } }';
const JOBS = `query ($templateId: ID!) { trainingJobs(first: 200, where: { templateId: $templateId }) { edges { node { id state datasetVersion { id number } } } } }`;
const DELETE = 'mutation ($id: ID!) { deleteTrigger(triggerId: $id) { userErrors { code message } } }';
const CANCEL = 'mutation ($id: ID!) { cancelTraining(jobId: $id) { userErrors { code message } } }';

export interface Execution {
  readonly id: string;
  readonly eventId: string;
  readonly state: string;
  readonly reason: string | null;
  readonly cause: { readonly data: Record<string, unknown> } | null;
  readonly outcome: Record<string, string> | null;
}
interface Page {
  readonly executions: {
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string };
    readonly edges: readonly { readonly node: Execution }[];
  };
}
export interface Job {
  readonly id: string;
  readonly state: string;
  readonly datasetVersion: { readonly id: string; readonly number: number };
}

/** The event of a data set version that is valid, as a trigger listens to it. */
export const onValidated = (datasetId: string) => ({
  kind: 'event',
  event: 'dataset_version.validated',
  where: { field: 'data.datasetId', op: 'eq', value: datasetId },
});

/** Triggers as a user has them: by GraphQL alone. `client` answers the client of the moment. */
export function triggersKit(client: () => Client) {
  const executionsOf = async (id: string, state?: string): Promise<Execution[]> => {
    const found: Execution[] = [];
    for (let after: string | undefined; ;) {
      const { node } = await client().query<{ node: Page }>(EXECUTIONS, { id, after, state: state && [state] });
      found.push(...node.executions.edges.map((edge) => edge.node));
      if (!node.executions.pageInfo.hasNextPage) return found.reverse();
      after = node.executions.pageInfo.endCursor;
    }
  };
  return {
    async make(input: object): Promise<string> {
      const { trigger } = await client().mutate<{ trigger: { id: string } }>(CREATE, { name: uniqueName('trigger'), ...input });
      return trigger.id;
    },
    remove: (id: string) => client().query(DELETE, { id }),

    /** Oldest first; in one state, or all. */
    executionsOf,

    /** Executions of a trigger once there are `count` of them, all of which have ended. */
    ended: (id: string, count = 1, ms = 45_000) =>
      until(
        `${count} executions of ${id} have ended`,
        async () => {
          const all = await executionsOf(id);
          return all.length >= count && all.every(({ state }) => ['COMPLETED', 'FAILED', 'SKIPPED'].includes(state)) && all;
        },
        ms,
      ),

    async nextFireAt(id: string): Promise<number> {
      const { node } = await client().query<{ node: { nextFireAt: string } }>(NEXT, { id });
      return Date.parse(node.nextFireAt);
    },

    /** Jobs of a template, oldest first. */
    async jobsOf(templateId: string): Promise<Job[]> {
      const { trainingJobs } = await client().query<{ trainingJobs: { edges: { node: Job }[] } }>(JOBS, { templateId });
      return trainingJobs.edges.map(({ node }) => node).reverse();
    },
    cancel: (jobId: string) => client().query(CANCEL, { id: jobId }),
  };
}
