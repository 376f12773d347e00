import {
  execute,
  getNamedType,
  GraphQLError,
  isListType,
  validate,
  type DocumentNode,
  type GraphQLFieldResolver,
  type GraphQLOutputType,
} from 'graphql';
import { toMlflowError } from '../wire/errors.js';
import { checkLimits } from './document.js';
import { MLFLOW_SCHEMA } from './schema.js';

type Message = Record<string, unknown>;
/** Calls an RPC of MLflow's REST API with the rights of who asks. */
export type Ask = (rpc: string, input: Message) => Promise<Message>;

export interface GraphqlRequest {
  readonly document: DocumentNode;
  readonly variables?: Readonly<Record<string, unknown>> | null;
  readonly operationName?: string | null;
}

/** Root fields, each an RPC of the REST API. */
const RPCS: Readonly<Record<string, string>> = {
  mlflowGetExperiment: 'GetExperiment',
  mlflowGetRun: 'GetRun',
  mlflowSearchRuns: 'SearchRuns',
  mlflowSearchDatasets: 'SearchDatasets',
  mlflowGetMetricHistoryBulkInterval: 'GetMetricHistoryBulkInterval',
  mlflowListArtifacts: 'ListArtifacts',
  mlflowSearchModelVersions: 'SearchModelVersions',
};
/** What a field of protobuf is that was not set. */
const UNSET: Readonly<Record<string, unknown>> = { String: '', LongString: 0, Boolean: false };

/** Runs a query of MLflow's page over the REST API's own routes; the answer is in the form of MLflow's server. */
export async function answerGraphql(request: GraphqlRequest, ask: Ask): Promise<{ data: unknown; errors: string[] | null }> {
  const { document, variables, operationName } = request;
  try {
    checkLimits(document);
  } catch (error) {
    return { data: null, errors: [(error as Error).message] };
  }
  const problems = validate(MLFLOW_SCHEMA, document);
  if (problems.length > 0) return { data: null, errors: problems.map(({ message }) => message) };
  const { data = null, errors } = await execute({
    schema: MLFLOW_SCHEMA,
    document,
    variableValues: variables,
    operationName,
    contextValue: new Asked(ask),
    fieldResolver: resolve,
  });
  return { data, errors: errors?.map(({ message }) => message) ?? null };
}

/** What one request has asked for; what hangs on many runs is asked once for all. */
class Asked {
  private readonly experiments = new Map<string, Promise<Message>>();
  private runIds: string[] = [];
  private versions?: Promise<Map<string, Message[]>>;

  constructor(private readonly ask: Ask) {}

  async root(field: string, input: Message): Promise<Message> {
    const answer = await this.ask(RPCS[field]!, input).catch((error: unknown) => {
      throw new GraphQLError(toMlflowError(error).message);
    });
    const runs = [answer['runs'] ?? answer['run'] ?? []].flat() as { info: { run_id: string } }[];
    this.runIds.push(...runs.map(({ info }) => info.run_id));
    return answer;
  }

  async experiment(id: string): Promise<unknown> {
    if (!this.experiments.has(id)) this.experiments.set(id, this.ask('GetExperiment', { experiment_id: id }));
    return (await this.experiments.get(id)!)['experiment'];
  }

  async versionsOf(runId: string): Promise<Message[]> {
    this.versions ??= this.versionsOfAll();
    return (await this.versions).get(runId) ?? [];
  }

  private async versionsOfAll(): Promise<Map<string, Message[]>> {
    const filter = `run_id IN (${this.runIds.map((id) => `'${id}'`).join(', ')})`;
    const { model_versions: found = [] } = await this.ask('SearchModelVersions', { filter });
    return Map.groupBy(found as Message[], (version) => String(version['run_id']));
  }
}

const resolve: GraphQLFieldResolver<unknown, Asked> = (source, args, asked, { fieldName, parentType, returnType }) => {
  if (parentType.name === 'Query' || parentType.name === 'Mutation')
    return fieldName.startsWith('test')
      ? { output: args['inputString'] as unknown }
      : asked.root(fieldName, (args['input'] ?? {}) as Message);
  const message = source as Message;
  const info = message['info'] as { run_id: string; experiment_id: string } | undefined;
  if (info && fieldName === 'experiment') return asked.experiment(info.experiment_id);
  if (info && fieldName === 'modelVersions') return asked.versionsOf(info.run_id);
  const value = message[fieldName] ?? message[fieldName.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)];
  return value === undefined ? unset(returnType) : toFloat(value, returnType);
};

function unset(type: GraphQLOutputType): unknown {
  return isListType(type) ? [] : UNSET[getNamedType(type).name];
}

/** A float of GraphQL is finite: others are not there. */
function toFloat(value: unknown, type: GraphQLOutputType): unknown {
  if (getNamedType(type).name !== 'Float') return value;
  return Number.isFinite(Number(value)) ? Number(value) : null;
}
