import { uniqueName, type Client, type Server } from '#testing';

export const ERRORS = 'userErrors { code message field }';
const MODEL = `id name modelType status statusMessage deleted createdAt updatedAt experiment { id } sourceRun { id name }
  params { key value } tags { key value } metrics { key value text step timestamp datasetName datasetDigest run { id } } artifacts { path }`;
export const SEARCH = `query ($experimentIds: [ID!], $where: LoggedModelFilter, $orderBy: [LoggedModelOrderInput!], $first: Int, $after: String) {
  loggedModels(experimentIds: $experimentIds, where: $where, orderBy: $orderBy, first: $first, after: $after) {
    edges { node { id name } } pageInfo { hasNextPage endCursor } } }`;
export const ONE = `query ($id: ID!) { loggedModel(id: $id) { ${MODEL} } node(id: $id) { id } }`;
export const mutation = (name: string) =>
  `mutation ($input: ${name[0]!.toUpperCase()}${name.slice(1)}Input!) { ${name}(input: $input) { loggedModel { ${MODEL} } ${ERRORS} } }`;
export const DELETE = `mutation ($id: ID!) { deleteLoggedModel(loggedModelId: $id) { loggedModel { id deleted } ${ERRORS} } }`;
export const LOG_ARTIFACTS = `mutation ($input: LogArtifactsInput!) { logArtifacts(input: $input) { count ${ERRORS} } }`;
export const DELETE_ARTIFACTS = `mutation ($input: DeleteArtifactsInput!) { deleteArtifacts(input: $input) { count ${ERRORS} } }`;
export const ARTIFACTS = `query ($ownerId: ID!, $path: String! = "", $first: Int, $after: String) {
  artifacts(ownerId: $ownerId, path: $path, first: $first, after: $after) { edges { node { path isDir size blob } } pageInfo { hasNextPage endCursor } } }`;

export interface Page<T> {
  readonly edges: readonly { readonly node: T }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}
export interface Model {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly updatedAt: string;
}
export interface Entry {
  readonly path: string;
  readonly isDir: boolean;
  readonly size: string | null;
  readonly blob: string | null;
}
interface Payload {
  readonly userErrors: readonly { readonly code: string; readonly field: string | null }[];
}

const hex = (id: string): string => id.slice(4);

/** Outcome of a mutation: the code of its fault, or its first user error. */
export async function outcomeOf(as: Client, query: string, variables: object): Promise<unknown> {
  const { data, errors } = await as.graphql<Record<string, Payload>>(query, variables as never);
  return errors?.[0]?.extensions?.code ?? Object.values(data!)[0]!.userErrors.map(({ code, field }) => ({ code, field }))[0];
}

/** An experiment with a run, and what tests of logged models and artifacts ask again and again, in GraphQL's words and in MLflow's. */
export async function modelsKit(server: Server) {
  const client = server.client();

  async function anExperiment(project = '/', as = client): Promise<string> {
    const query = `mutation ($input: CreateExperimentInput!) { createExperiment(input: $input) { experiment { id } ${ERRORS} } }`;
    return (await as.mutate<{ experiment: { id: string } }>(query, { name: uniqueName('models'), project })).experiment.id;
  }
  async function aRunIn(experiment: string): Promise<string> {
    const query = `mutation ($input: CreateRunInput!) { createRun(input: $input) { run { id } ${ERRORS} } }`;
    return (await client.mutate<{ run: { id: string } }>(query, { experimentId: experiment, name: 'maker' })).run.id;
  }
  const experimentId = await anExperiment();
  const runId = await aRunIn(experimentId);
  const { experiment } = await client.query<{ experiment: { number: number } }>(
    'query ($id: ID!) { experiment(id: $id) { number } }',
    { id: experimentId },
  );

  return {
    client,
    experimentId,
    runId,
    /** As MLflow's clients know them. */
    experimentNumber: String(experiment.number),
    hex,
    modelId: (id: string) => `m-${hex(id)}`,
    anExperiment,
    aRun: () => aRunIn(experimentId),

    async aModel(name: string, more: object = {}, as = client): Promise<Model> {
      const input = { experimentId, name, sourceRunId: runId, ...more };
      return (await as.mutate<{ loggedModel: Model }>(mutation('createLoggedModel'), input)).loggedModel;
    },

    async seen(id: string, as = client): Promise<Model | null> {
      return (await as.query<{ loggedModel: Model | null }>(ONE, { id })).loggedModel;
    },

    /** Names that a search finds, in its order. */
    async found(question: object, as = client): Promise<string[]> {
      const { loggedModels } = await as.query<{ loggedModels: Page<Model> }>(SEARCH, {
        experimentIds: [experimentId],
        ...question,
      });
      return loggedModels.edges.map(({ node }) => node.name);
    },

    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    async mlflow(method: string, path: string, body?: object): Promise<{ status: number; body: any }> {
      const answer = await client.fetch(`/api/2.0/mlflow/${path}`, {
        method,
        headers: body && { 'content-type': 'application/json' },
        body: body && JSON.stringify(body),
      });
      return { status: answer.status, body: await answer.json() };
    },

    /** A metric of a model, as MLflow's clients log it. */
    async measure(model: string, key: string, value: number | string, more: object = {}): Promise<void> {
      const metric = { run_id: hex(runId), model_id: this.modelId(model), key, value, timestamp: 1000, step: 0, ...more };
      const { status } = await this.mlflow('POST', 'runs/log-metric', metric);
      if (status !== 200) throw new Error(`log-metric: HTTP ${status}`);
    },
  };
}

export type ModelsKit = Awaited<ReturnType<typeof modelsKit>>;
