import { ApiError } from '../client/api-error.js';
import { isRefusal, isStatus } from '../mlflow/reader.js';
import { tagOf, type RegisteredModel } from '../mlflow/messages.js';
import { inHalves } from '../transfer/halves.js';
import type { Step } from '../transfer/state-file.js';
import { MARK, marked, otherName, type ImportContext } from './context.js';
import { printOf } from './prints.js';
import type { ModelVersions } from './versions.js';

interface ModelStep extends Step {
  readonly to: string;
  readonly print: string;
}

const TRIES = 20;

/** Registered models and prompts, with their versions and aliases; of some experiments only, those that have a version from them. */
export class Registry {
  constructor(
    private readonly context: ImportContext,
    private readonly versions: ModelVersions,
  ) {}

  async bring(): Promise<void> {
    const here = await this.known();
    for await (const model of this.context.source.reader.registeredModels())
      try {
        await this.bringOne(model, here.get(model.name));
      } catch (error) {
        if (!isRefusal(error)) throw error;
        this.context.tally.lost('models', model.name, error);
      }
  }

  private async known(): Promise<Map<string, RegisteredModel>> {
    const here = new Map<string, RegisteredModel>();
    for await (const model of this.context.target.reader.registeredModels()) {
      const name = tagOf(model.tags, MARK.model);
      if (name && tagOf(model.tags, MARK.source) === this.context.source.reader.rest.url) here.set(name, model);
    }
    return here;
  }

  private async bringOne(listed: RegisteredModel, here: RegisteredModel | undefined): Promise<void> {
    const { source, state, tally, only } = this.context;
    // Only this answer has the aliases on every server.
    const model = await source.reader.registeredModel(listed.name);
    const versions = await source.reader.versions(model.name);
    if (only.size > 0 && !versions.some((version) => this.versions.isFromHere(version))) return;
    const to = here?.name ?? (await this.make(model));
    const print = printOf([model.description, model.tags, model.aliases, versions]);
    const step = state.get<ModelStep>('model', model.name);
    if (here) tally.present('models');
    else tally.made('models');
    if (step?.to === to && step.print === print) return tally.present('versions', versions.length);
    const lost = tally.missing;
    if (here) await this.describe(model, here);
    const brought = await this.versions.bring(to, versions);
    await this.alias(model, to, brought, here);
    if (tally.missing === lost) await state.add({ kind: 'model', id: model.name, to, print });
  }

  /** The own name, or else one that says where it comes from. */
  private async make(model: RegisteredModel): Promise<string> {
    const { source, target, tally } = this.context;
    const host = new URL(source.reader.rest.url).host.replaceAll(':', '-');
    for (let n = 0; n < TRIES; n++) {
      const name = n === 0 ? model.name : otherName(model.name, host, n);
      const body = { name, description: model.description, tags: marked(this.context, model.tags ?? [], MARK.model, model.name) };
      try {
        await target.reader.rest.call('POST', 'registered-models/create', { body });
        if (n > 0) tally.note(`model ${model.name}: that name is taken here, so it goes to ${name}`);
        return name;
      } catch (error) {
        if (!(error instanceof ApiError) || error.code !== 'RESOURCE_ALREADY_EXISTS') throw error;
        const mine = await target.reader.registeredModel(name).catch(() => undefined);
        if (tagOf(mine?.tags, MARK.model) === model.name && tagOf(mine?.tags, MARK.source) === source.reader.rest.url)
          return name;
      }
    }
    throw new ApiError('NAME_TAKEN', `its name and ${TRIES} others like it are taken here`, 409);
  }

  private async describe(model: RegisteredModel, here: RegisteredModel): Promise<void> {
    const { target, tally } = this.context;
    const { name } = here;
    if ((model.description ?? '') !== (here.description ?? ''))
      await target.reader.rest.call('PATCH', 'registered-models/update', {
        body: { name, description: model.description ?? '' },
      });
    const wanted = marked(this.context, model.tags ?? [], MARK.model, model.name);
    const missing = wanted.filter(({ key, value }) => tagOf(here.tags, key) !== value);
    const set = ([tag]: readonly object[]) =>
      target.reader.rest.call('POST', 'registered-models/set-tag', { body: { name, ...tag } });
    await inHalves(missing, 1, set, ({ key }, error) => tally.lost('tags', `model ${model.name}/${key}`, error));
  }

  private async alias(
    model: RegisteredModel,
    to: string,
    brought: ReadonlyMap<string, number>,
    here: RegisteredModel | undefined,
  ): Promise<void> {
    const { target, tally } = this.context;
    for (const { alias, version } of model.aliases ?? []) {
      const number = brought.get(String(version));
      if (number === undefined) {
        tally.lost('aliases', `${model.name}@${alias}`, `version ${version} is not here`);
        continue;
      }
      if (here?.aliases?.some((one) => one.alias === alias && Number(one.version) === number)) {
        tally.present('aliases');
        continue;
      }
      await target.reader.rest
        .call('POST', 'registered-models/alias', { body: { name: to, alias, version: String(number) } })
        .then(() => tally.made('aliases'))
        .catch((error: unknown) => {
          if (!isRefusal(error) || isStatus(error, 401)) throw error;
          tally.lost('aliases', `${model.name}@${alias}`, error);
        });
    }
  }
}
