import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { GuardedClient, signedHeaders } from '#automation';
import type { Gate } from '#contracts';
import { errorMessage } from '#kernel';
import type { RequestFacts } from '#reads/registry';
import { CheckSecretsService, measuredFigures, type CheckAnswer } from '#registry';

type HttpCheck = Extract<Gate, { kind: 'http_check' }>;

const AnswerSchema = z.object({ passed: z.boolean(), message: z.string().default('') });
const MAX_MESSAGE = 500;

/** Asks the services that a workspace has named as gates. They are strangers: only permitted addresses, a bounded answer, a bounded time. */
@Injectable()
export class HttpChecks {
  constructor(
    private readonly client: GuardedClient,
    private readonly secrets: CheckSecretsService,
  ) {}

  /** Answers by the place of the gate; no answer, or one that is no verdict, is `unknown`. */
  async ask(workspaceId: string, request: RequestFacts): Promise<Record<number, CheckAnswer>> {
    const checks = request.gates.flatMap((gate, index) => (gate.kind === 'http_check' ? [{ gate, index }] : []));
    const body = Buffer.from(question(workspaceId, request));
    const secrets = checks.length > 0 ? await this.secrets.now(workspaceId) : [];
    // The same in each try of a request, so that a check knows one that it has had.
    const signed = secrets.length > 0 ? signedHeaders(request.id, body, secrets, Date.now()) : {};
    const answers = await Promise.all(
      checks.map(async ({ gate, index }) => [index, await this.one(gate, body, signed)] as const),
    );
    return Object.fromEntries(answers);
  }

  private async one(gate: HttpCheck, body: Buffer, signed: Readonly<Record<string, string>>): Promise<CheckAnswer> {
    try {
      const headers = { 'Content-Type': 'application/json', Accept: 'application/json', ...signed };
      const stop = AbortSignal.timeout(gate.timeoutSeconds * 1000);
      const reply = await this.client.post(gate.url, headers, body, stop);
      if (reply.status !== 200) return unknown(`it answered ${reply.status}, not 200`);
      const answer = AnswerSchema.safeParse(parsed(reply.body));
      if (!answer.success) return unknown('its answer is not {"passed": true|false, "message": "…"}');
      const { passed, message } = answer.data;
      const fallback = passed ? 'it said yes' : 'it said no';
      return { outcome: passed ? 'passed' : 'failed', message: message.slice(0, MAX_MESSAGE) || fallback };
    } catch (error) {
      return unknown(errorMessage(error).slice(0, MAX_MESSAGE));
    }
  }
}

const unknown = (message: string): CheckAnswer => ({ outcome: 'unknown', message });

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What is sent: ids, hashes and figures, so that a check can look at the rest with a token of its own. */
function question(workspaceId: string, { id, stage, version, champion }: RequestFacts): string {
  const { id: versionId, modelId, number, runId, datasetVersionId, manifest, evaluation } = version;
  return JSON.stringify({
    request: { id, stage, workspaceId },
    version: { id: versionId, modelId, number, runId, datasetVersionId, files: manifest },
    measured: evaluation && measuredFigures(evaluation),
    champion: champion ? { id: champion.id, number: champion.number } : null,
  });
}
