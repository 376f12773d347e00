import type { DesiredRevision, ObservedState } from '#contracts';
import { errorMessage } from '#kernel';
import type { Logger } from '#telemetry';
import { Unavailable } from './control-client.js';
import { ServedRevision } from './served-revision.js';

/** The ONNX file of a revision. Throws Unavailable when it cannot be had now but may later. */
export type BlobSource = (revision: DesiredRevision) => Promise<Uint8Array>;

/** An endpoint that should be served, and what serves it now: perhaps an older revision, perhaps nothing yet. */
export interface HostedEndpoint {
  readonly desired: DesiredRevision;
  readonly served: ServedRevision | undefined;
  readonly failure: string | undefined;
}

const REASON_LENGTH = 2000;

/**
 * Brings the models in memory to the desired state. It compares levels and counts no changes: each step looks at the newest desired state, so
 * a newer one wins over loads of older ones, which are thrown away when they end.
 */
export class ModelHost {
  private desired: ReadonlyMap<string, DesiredRevision> = new Map();
  private readonly served = new Map<string, ServedRevision>();
  private readonly failures = new Map<string, string>();
  /** Revisions whose files could not be had; tried again by the next apply. */
  private readonly deferred = new Set<string>();
  private loading: Promise<void> | undefined;

  constructor(
    private readonly blobs: BlobSource,
    private readonly logger: Logger,
  ) {}

  /** Resolves when every revision of the newest desired state has been loaded, has failed, or had to be put off. Never rejects. */
  apply(revisions: readonly DesiredRevision[]): Promise<void> {
    this.desired = new Map(revisions.map((revision) => [keyOf(revision.workspaceId, revision.endpoint), revision]));
    this.deferred.clear();
    const endpoints = new Set(revisions.map((revision) => revision.endpointId));
    for (const id of this.served.keys()) if (!endpoints.has(id)) this.replace(id, undefined);
    const wanted = new Set(revisions.map((revision) => revision.revisionId));
    for (const id of this.failures.keys()) if (!wanted.has(id)) this.failures.delete(id);
    // In a later turn: a loadAll that had nothing to do would end before it was noted down.
    return (this.loading ??= Promise.resolve().then(() => this.loadAll()));
  }

  find(workspaceId: string, endpoint: string): HostedEndpoint | undefined {
    const desired = this.desired.get(keyOf(workspaceId, endpoint));
    return desired && this.hosted(desired);
  }

  list(): HostedEndpoint[] {
    return [...this.desired.values()].map((desired) => this.hosted(desired));
  }

  /** Revisions in memory, desired or not any more. */
  serving(): DesiredRevision[] {
    return [...this.served.values()].map(({ revision }) => revision);
  }

  observed(): ObservedState['revisions'] {
    return this.list().flatMap(({ desired: { revisionId }, served, failure }): ObservedState['revisions'] => {
      if (served?.revision.revisionId === revisionId) return [{ revisionId, state: 'ready' }];
      return failure === undefined ? [] : [{ revisionId, state: 'failed', reason: failure }];
    });
  }

  async close(): Promise<void> {
    await this.apply([]);
  }

  private hosted(desired: DesiredRevision): HostedEndpoint {
    return { desired, served: this.served.get(desired.endpointId), failure: this.failures.get(desired.revisionId) };
  }

  /** One after the other: loading blocks the event loop, and two at once would only block it longer. */
  private async loadAll(): Promise<void> {
    for (let next = this.nextToLoad(); next; next = this.nextToLoad()) await this.load(next);
    this.loading = undefined;
  }

  private nextToLoad(): DesiredRevision | undefined {
    return [...this.desired.values()].find(({ endpointId, revisionId }) => {
      const isServed = this.served.get(endpointId)?.revision.revisionId === revisionId;
      return !isServed && !this.failures.has(revisionId) && !this.deferred.has(revisionId);
    });
  }

  private async load(revision: DesiredRevision): Promise<void> {
    const { revisionId, endpoint, endpointId } = revision;
    try {
      const loaded = await ServedRevision.load(revision, await this.blobs(revision));
      if (!this.isDesired(revision)) return loaded.retire();
      this.replace(endpointId, loaded);
      this.logger.info({ revisionId, endpoint }, 'the revision is served');
    } catch (error) {
      const reason = errorMessage(error).slice(0, REASON_LENGTH);
      const isOver = !(error instanceof Unavailable);
      this.logger.warn({ revisionId, endpoint, reason }, isOver ? 'the revision cannot be loaded' : 'the revision has to wait');
      if (!isOver) this.deferred.add(revisionId);
      else if (this.isDesired(revision)) this.failures.set(revisionId, reason);
    }
  }

  private isDesired(revision: DesiredRevision): boolean {
    return [...this.desired.values()].some(({ revisionId }) => revisionId === revision.revisionId);
  }

  private replace(endpointId: string, next: ServedRevision | undefined): void {
    const old = this.served.get(endpointId);
    if (next) this.served.set(endpointId, next);
    else this.served.delete(endpointId);
    old?.retire();
  }
}

/** Endpoint names are unique inside a workspace only. Neither part can hold a line break. */
function keyOf(workspaceId: string, endpoint: string): string {
  return `${workspaceId}\n${endpoint}`;
}
