import { ApiError } from '../client/api-error.js';
import type { Experiment, LoggedModel, Metric, ModelVersion, RegisteredModel, Run } from './messages.js';
import type { Ask, RestClient } from './rest-client.js';

const POINTS = 25_000;
const RUNS = 200;
const PROMPTS = "tags.`mlflow.prompt.is_prompt` = 'true'";

/** Reads a server that speaks MLflow's REST API, page by page. */
export class MlflowReader {
  constructor(readonly rest: RestClient) {}

  /** Throws when nobody answers, or who answers is no MLflow server, or the credentials are wrong; without long tries. */
  async probe(): Promise<void> {
    await this.rest.call('POST', 'experiments/search', { body: { max_results: 1 }, tries: 1 });
  }

  async *experiments(filter?: string): AsyncGenerator<Experiment> {
    const body = { view_type: 'ALL', max_results: 1000, ...(filter ? { filter } : {}) };
    for await (const page of this.pages<{ experiments?: Experiment[] }>('POST', 'experiments/search', { body }))
      yield* page.experiments ?? [];
  }

  /** Pages of an experiment's runs, oldest first, so that runs that come meanwhile are at the end. */
  async *runPages(experimentId: string, filter?: string): AsyncGenerator<readonly Run[]> {
    const what = { experiment_ids: [experimentId], run_view_type: 'ALL', max_results: RUNS };
    const body = { ...what, order_by: ['attributes.start_time ASC'], ...(filter ? { filter } : {}) };
    for await (const page of this.pages<{ runs?: Run[] }>('POST', 'runs/search', { body })) yield page.runs ?? [];
  }

  async run(id: string): Promise<Run> {
    return (await this.rest.call<{ run: Run }>('GET', 'runs/get', { query: { run_id: id } })).run;
  }

  /** A whole history, in pages; a server without paging answers all at once. */
  async *history(runId: string, key: string): AsyncGenerator<readonly Metric[]> {
    const query = { run_id: runId, metric_key: key };
    const paged = { query: { ...query, max_results: POINTS } };
    try {
      for await (const page of this.pages<{ metrics?: Metric[] }>('GET', 'metrics/get-history', paged)) yield page.metrics ?? [];
    } catch (error) {
      // Stores of MLflow 2.0 and 2.1 refuse to be asked for pages.
      if (!isStatus(error, 400) || !/pagination|max_results/i.test(error.message)) throw error;
      yield (await this.rest.call<{ metrics?: Metric[] }>('GET', 'metrics/get-history', { query })).metrics ?? [];
    }
  }

  /** Logged models of an experiment; none on servers before MLflow 3. */
  async *loggedModels(experimentId: string): AsyncGenerator<LoggedModel> {
    const body = { experiment_ids: [experimentId], max_results: 50 };
    try {
      for await (const page of this.pages<{ models?: LoggedModel[] }>('POST', 'logged-models/search', { body }))
        yield* page.models ?? [];
    } catch (error) {
      if (!isStatus(error, 404, 405, 501)) throw error;
    }
  }

  /** Registered models, and then prompts, which are kept as such and hidden unless they are asked for. */
  async *registeredModels(): AsyncGenerator<RegisteredModel> {
    const seen = new Set<string>();
    for (const filter of ['', PROMPTS])
      for await (const page of this.modelPages(filter))
        for (const model of page) {
          if (!seen.has(model.name)) yield model;
          seen.add(model.name);
        }
  }

  private async *modelPages(filter: string): AsyncGenerator<readonly RegisteredModel[]> {
    type Page = { registered_models?: RegisteredModel[] };
    const ask = { query: { filter, max_results: 100 } };
    try {
      for await (const page of this.pages<Page>('GET', 'registered-models/search', ask)) yield page.registered_models ?? [];
    } catch (error) {
      // A store without a registry, or one whose filter does not know prompts.
      if (!isStatus(error, 404, 405, 501) && !(filter && isStatus(error, 400))) throw error;
    }
  }

  async registeredModel(name: string): Promise<RegisteredModel> {
    type Answer = { registered_model: RegisteredModel };
    return (await this.rest.call<Answer>('GET', 'registered-models/get', { query: { name } })).registered_model;
  }

  /** Versions of a model, by number. */
  async versions(name: string): Promise<ModelVersion[]> {
    const found: ModelVersion[] = [];
    const filter = `name=${name.includes("'") ? `"${name}"` : `'${name}'`}`;
    type Page = { model_versions?: ModelVersion[] };
    const ask = { query: { filter, max_results: 10_000 } };
    for await (const page of this.pages<Page>('GET', 'model-versions/search', ask)) found.push(...(page.model_versions ?? []));
    return found.filter((one) => one.name === name).sort((a, b) => Number(a.version) - Number(b.version));
  }

  private async *pages<T extends object>(method: 'GET' | 'POST', path: string, ask: Ask): AsyncGenerator<T> {
    for (let token: string | undefined, first = true; first || token; first = false) {
      const at = token ? { page_token: token } : {};
      const asked = method === 'GET' ? { query: { ...ask.query, ...at } } : { body: { ...ask.body, ...at } };
      const page = await this.rest.call<T & { next_page_token?: string }>(method, path, asked);
      yield page as Awaited<T>;
      // MLflow 3.4 to 3.13 had lists whose token never moved on.
      if (token && page.next_page_token === token)
        throw new ApiError('NO_END', `${this.rest.name} answers ${path} with the same page again and again`, 422);
      token = page.next_page_token;
    }
  }
}

export function isStatus(error: unknown, ...statuses: readonly number[]): error is ApiError {
  return error instanceof ApiError && statuses.includes(error.status ?? 0);
}

/** The server understood, and said no to this very thing: others may still go through. */
export function isRefusal(error: unknown): error is ApiError {
  return (
    error instanceof ApiError && error.status !== undefined && error.status >= 300 && error.status < 500 && error.status !== 429
  );
}
