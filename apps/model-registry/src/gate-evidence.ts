import { Injectable } from '@nestjs/common';
import { isForeign, type Comparison } from '#contracts';
import { errorMessage, isDomainError } from '#kernel';
import { DatasetReads } from '#reads/datasets';
import type { RequestFacts, VersionFacts } from '#reads/registry';
import { TrackingReads } from '#reads/tracking';
import { bootstrapsOf, evaluateGate, measuredFigures, needsLogged, type FrozenEvidence, type Verdict } from '#registry';
import { HttpChecks } from './http-checks.js';
import { ModelWorkbench } from './model-workbench.js';

/** Gathers what the gates of a request look at, once, and judges them by it. */
@Injectable()
export class GateEvidences {
  constructor(
    private readonly datasets: DatasetReads,
    private readonly tracking: TrackingReads,
    private readonly workbench: ModelWorkbench,
    private readonly checks: HttpChecks,
  ) {}

  async judge(workspaceId: string, request: RequestFacts): Promise<Verdict> {
    const evidence = await this.gather(workspaceId, request);
    const results = request.gates.map((gate, index) => evaluateGate(gate, evidence, index));
    return { results, evidence, championId: request.champion?.id ?? null };
  }

  private async gather(workspaceId: string, request: RequestFacts): Promise<FrozenEvidence> {
    const { version, champion, gates } = request;
    const { evaluation, manifest } = version;
    const bootstraps = bootstrapsOf(gates);
    return {
      datasetState: version.datasetVersionId
        ? (await this.datasets.version(workspaceId, version.datasetVersionId))?.state
        : undefined,
      measured: evaluation && measuredFigures(evaluation),
      logged: version.runId && needsLogged(gates) ? await this.tracking.loggedMetrics(workspaceId, version.runId) : null,
      ...(evaluation && isForeign(evaluation) ? await this.dataOf(workspaceId, evaluation.data.datasetVersionId) : {}),
      parity: evaluation && !isForeign(evaluation) ? evaluation.parity : null,
      signature: signatureOf(version),
      scan: version.scan && { outcome: version.scan.outcome, problems: version.scan.problems.map(said) },
      bytes: manifest && manifest.reduce((sum, { size }) => sum + size, 0),
      champion: champion && { number: champion.number, signature: signatureOf(champion) },
      comparison: champion && bootstraps.length > 0 ? await this.compare(workspaceId, request) : undefined,
      checks: await this.checks.ask(workspaceId, request),
      fingerprint: request.fingerprint,
      manifest,
      flow: request.flow,
      ...(request.state === 'RECHECKING' ? { recheckedAt: new Date().toISOString() } : {}),
    };
  }

  private async dataOf(workspaceId: string, id: string): Promise<Pick<FrozenEvidence, 'measuredOn' | 'measuredUnfit'>> {
    const sheet = await this.datasets.sheet(workspaceId, id);
    const measuredUnfit = await this.datasets.unfitBecause(workspaceId, id);
    return { measuredOn: sheet ? `${sheet.dataset} version ${sheet.number}` : id, measuredUnfit };
  }

  /** A comparison that cannot be made blocks the request and says why; it does not kill the job. */
  private async compare(workspaceId: string, { version, champion, gates }: RequestFacts): Promise<Comparison> {
    try {
      // Not of the champion: its rows serve to leave them out, and a model on data that do not stand must be replaceable.
      await this.workbench.checkData({ workspaceId, ...version });
      const result = await this.workbench.evaluate(
        { workspaceId, ...version },
        { workspaceId, ...champion! },
        bootstrapsOf(gates),
      );
      return result.comparison ?? { comparable: false, reason: 'the evaluation made no comparison' };
    } catch (error) {
      if (!isDomainError(error) || error.code === 'STORAGE_UNAVAILABLE') throw error;
      return { comparable: false, reason: errorMessage(error) };
    }
  }
}

/** Measured, or else as the files themselves say. */
const signatureOf = ({ signature, scan }: VersionFacts) => signature ?? scan?.signature ?? null;

const said = ({ path, message }: { path: string; message: string }): string => `${path}: ${message}`;
