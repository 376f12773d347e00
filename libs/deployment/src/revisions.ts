import { Injectable } from '@nestjs/common';
import { chainOf, type Ctx, Journal } from '#access';
import { MODEL_FILES, type Signature } from '#contracts';
import type { Tx } from '#database';
import { DomainError, newId } from '#kernel';
import { Notifier } from '#messaging';
import type { VersionFacts } from '#reads/registry';
import type { EndpointEntity } from './deployment.entities.js';
import { DeploymentStore } from './deployment.store.js';

/** Step by which an endpoint gets another revision, which nodes then serve. */
@Injectable()
export class Revisions {
  constructor(
    private readonly store: DeploymentStore,
    private readonly journal: Journal,
    private readonly notifier: Notifier,
  ) {}

  /** The new desired revision of an endpoint whose row the caller has locked. Throws NOT_READY for a version that cannot be served. */
  async addIn(tx: Tx, ctx: Ctx, endpoint: EndpointEntity, version: VersionFacts): Promise<ReturnType<typeof revisionData>> {
    const { onnxBlob, signature } = servable(version);
    const revision = {
      id: newId('revision'),
      workspaceId: endpoint.workspaceId,
      endpointId: endpoint.id,
      number: endpoint.lastNumber + 1,
      modelVersionId: version.id,
      modelVersion: version.number,
      onnxBlob,
      signature,
      chain: chainOf(ctx),
    };
    await this.store.insertRevision(tx, revision);
    const data = revisionData(revision);
    await this.journal.record(tx, ctx, { event: 'deployment.created', subject: { kind: 'revision', id: revision.id }, data });
    tx.afterCommit(async () => this.notifier.wake('desired_state'));
    return data;
  }
}

/** What inference needs of a version. Throws NOT_READY for one that was registered without its files. */
export function servable(version: VersionFacts): { readonly onnxBlob: string; readonly signature: Signature } {
  const onnxBlob = version.files[MODEL_FILES.onnx];
  if (onnxBlob && version.signature) return { onnxBlob, signature: version.signature };
  throw new DomainError(
    'NOT_READY',
    `version ${version.number} has no ${onnxBlob ? 'signature' : 'ONNX file'} in the platform, so it cannot be served`,
    'follows',
  );
}

export function revisionData(revision: { id: string; endpointId: string; number: number; modelVersionId: string }) {
  return {
    endpointId: revision.endpointId,
    revisionId: revision.id,
    number: revision.number,
    modelVersionId: revision.modelVersionId,
  };
}
