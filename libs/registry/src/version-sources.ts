import { Injectable } from '@nestjs/common';
import { allows, type Ctx } from '#access';
import { DomainError } from '#kernel';
import { TrackingReads, type ArtifactRoot } from '#reads/tracking';
import {
  badSource,
  checkPromptSource,
  isWithin,
  notContained,
  ownLoggedModelId,
  ownRunId,
  parseSource,
  type VersionSource,
} from './model/version-source.js';
import { noModel, noVersion } from './registry.locks.js';
import { ModelSearch } from './search/model-search.view.js';
import { VersionSearch, type FoundVersion } from './search/version-search.view.js';

interface Given {
  readonly source: string;
  readonly runId?: string | null;
  readonly loggedModelId?: string | null;
  readonly prompt: boolean;
}

/** A source with the place that it means, and the run and the logged model that it comes from. */
export interface ResolvedSource {
  readonly source: string;
  readonly storageLocation: string;
  readonly runId: string | null;
  readonly loggedModelId: string | null;
}

/** Says what the source of a new version means, with the caller's rights on what it names. */
@Injectable()
export class VersionSources {
  constructor(
    private readonly tracking: TrackingReads,
    private readonly models: ModelSearch,
    private readonly versions: VersionSearch,
  ) {}

  /** Throws BAD_INPUT for a source that is not allowed or names what its caller did not name too, NOT_FOUND for a version that is not there. */
  async resolve(ctx: Ctx, given: Given): Promise<ResolvedSource> {
    const { source } = given;
    const named = {
      source,
      storageLocation: source,
      runId: given.runId ? ownRunId(given.runId) : null,
      loggedModelId: given.loggedModelId ? ownLoggedModelId(given.loggedModelId) : null,
    };
    if (given.prompt) {
      checkPromptSource(source);
      return named;
    }
    if (named.runId) await this.checkReadable(ctx, named.runId);
    const parsed = parseSource(source);
    switch (parsed.kind) {
      case 'run':
        return this.ofRun(ctx, named, parsed);
      case 'loggedModel':
        return this.ofLoggedModel(ctx, named, parsed.id);
      case 'version':
        return this.ofVersion(ctx, named, parsed);
      case 'artifacts':
        return this.inArtifacts(ctx, named);
      default:
        return this.withRun(ctx, named);
    }
  }

  private async ofRun(
    ctx: Ctx,
    named: ResolvedSource,
    { runId, path }: VersionSource & { kind: 'run' },
  ): Promise<ResolvedSource> {
    if (named.loggedModelId) throw notContained(named.source, 'model_id');
    if (named.runId && named.runId !== runId) throw notContained(named.source, 'run_id');
    await this.checkReadable(ctx, runId);
    const root = await this.root(ctx, runId);
    return { ...named, runId, storageLocation: root ? [root.uri, path].filter(Boolean).join('/') : named.source };
  }

  private async ofLoggedModel(ctx: Ctx, named: ResolvedSource, id: string): Promise<ResolvedSource> {
    const root = !named.loggedModelId || named.loggedModelId === id ? await this.root(ctx, id) : undefined;
    if (!root) throw notContained(named.source, 'model_id');
    return { ...named, loggedModelId: id, runId: named.runId ?? root.runId, storageLocation: root.uri };
  }

  private async ofVersion(ctx: Ctx, named: ResolvedSource, parsed: VersionSource & { kind: 'version' }): Promise<ResolvedSource> {
    const model = await this.models.byName(ctx, parsed.name);
    if (!model) throw noModel({ name: parsed.name });
    if (model.prompt) throw badSource(named.source, 'Prompt versions cannot be used as model version sources.');
    const found = await this.pick(ctx, parsed);
    if (!found) throw notPicked(parsed);
    if ((named.runId && named.runId !== found.runId) || (named.loggedModelId && named.loggedModelId !== found.loggedModelId))
      throw badSource(named.source, 'The run_id and model_id request parameters must match the referenced model version.');
    return {
      source: `models:/${parsed.name}/${found.number}`,
      storageLocation: found.storageLocation ?? found.source ?? named.source,
      runId: found.runId,
      loggedModelId: found.loggedModelId,
    };
  }

  private pick(ctx: Ctx, { name, pick }: VersionSource & { kind: 'version' }): Promise<FoundVersion | undefined> {
    if ('number' in pick) return this.versions.byNumber(ctx, name, pick.number);
    if ('alias' in pick) return this.versions.byAlias(ctx, name, pick.alias);
    return this.versions.newestIn(ctx, name, pick.stage);
  }

  private async inArtifacts(ctx: Ctx, named: ResolvedSource): Promise<ResolvedSource> {
    const id = named.loggedModelId ?? named.runId;
    const root = id ? await this.root(ctx, id) : undefined;
    if (!root || !isWithin(named.source, root.uri)) throw notContained(named.source, named.loggedModelId ? 'model_id' : 'run_id');
    return { ...named, runId: named.runId ?? root.runId };
  }

  private async withRun(ctx: Ctx, named: ResolvedSource): Promise<ResolvedSource> {
    if (named.runId || !named.loggedModelId) return named;
    return { ...named, runId: (await this.root(ctx, named.loggedModelId))?.runId ?? null };
  }

  /** A run that is not here may be another server's; one that is here and may not be read makes no version. Throws NOT_FOUND. */
  private async checkReadable(ctx: Ctx, runId: string): Promise<void> {
    const root = await this.tracking.artifactRoot(ctx.workspaceId, runId);
    if (root && !allows(ctx, 'tracking.read', root.project))
      throw new DomainError('NOT_FOUND', `there is no run ${runId}`, 'runId');
  }

  /** What the caller may not read is not there. */
  private async root(ctx: Ctx, id: string): Promise<ArtifactRoot | undefined> {
    const root = await this.tracking.artifactRoot(ctx.workspaceId, id);
    return root && allows(ctx, 'tracking.read', root.project) ? root : undefined;
  }
}

function notPicked({ name, pick }: VersionSource & { kind: 'version' }): DomainError {
  if ('number' in pick) return noVersion({ model: name, number: pick.number });
  const message =
    'alias' in pick
      ? `Registered model alias ${pick.alias} not found.`
      : `No versions of model with name '${name}' and stage '${pick.stage}' found`;
  return new DomainError('BAD_INPUT', message, 'source');
}
