import { until } from '../poll.js';
import { ApiError } from '../client/api-error.js';
import type { TailraceClient } from '../client/tailrace-client.js';
import type { Actors } from './actors.js';
import { APPROVE, ENDPOINT, REQUEST, REQUEST_STAGE } from './documents.js';
import type { EventFeed } from './event-feed.js';
import { EXPECTED, inferRequest, RAW_ROWS } from './penguins.js';
import { check, type Stage } from './stage.js';

interface RequestView {
  readonly state: string;
  readonly gates: { outcome: string; message: string }[];
  readonly approvals: { decision: string; member: { name: string } }[];
  readonly version: { id: string; number: number; stage: string };
}

/** Ada asks, the gates are evaluated, Ada may not approve, Grace does. */
export async function promote(
  { ada, grace }: Actors,
  feed: EventFeed,
  stage: Stage,
  versionId: string,
  reason: string,
): Promise<RequestView> {
  const { stageRequest } = await ada.mutate<{ stageRequest: { id: string } }>(REQUEST_STAGE, {
    versionId,
    stage: 'production',
    reason,
  });
  stage.line('ada asks for production; the gates are evaluated …');
  await feed.first('model_version.gates_evaluated', (data) => data.requestId === stageRequest.id);
  const evaluated = await readRequest(ada, stageRequest.id);
  for (const gate of evaluated.gates) stage.line(`  gate ${gate.outcome}: ${gate.message}`);
  check(evaluated.state === 'AWAITING_APPROVAL', `every gate passed (the request is ${evaluated.state})`);
  const refusal = await ada.mutate(APPROVE, { requestId: stageRequest.id }).then(
    () => undefined,
    (error: unknown) => error,
  );
  check(refusal instanceof ApiError && refusal.code === 'SELF_APPROVAL', 'who asked is refused as the approver');
  stage.line(`ada tries to approve: refused (${refusal.code})`);
  await grace.mutate(APPROVE, { requestId: stageRequest.id, comment: 'figures look right' });
  const done = await until(
    () => readRequest(ada, stageRequest.id),
    ({ state }) => state !== 'RECHECKING',
    60,
    'the move',
  );
  check(
    done.state === 'DONE' && done.version.stage === 'production',
    `version stands in production (request ${done.state}, stage ${done.version.stage})`,
  );
  stage.line(`grace approves: version ${done.version.number} stands in production`);
  return done;
}

async function readRequest(client: TailraceClient, id: string): Promise<RequestView> {
  return (await client.query<{ node: RequestView }>(REQUEST, { id })).node;
}

/** Waits until a node answers with the revision that serves this model version. */
export async function awaitReady(
  client: TailraceClient,
  feed: EventFeed,
  endpointId: string,
  modelVersionId: string,
): Promise<{ revisionId: string; number: number }> {
  const ready = await feed.first(
    'deployment.ready',
    (data) => data.endpointId === endpointId && data.modelVersionId === modelVersionId,
  );
  const { node } = await client.query<{ node: { revision: { id: string; number: number; state: string } } }>(ENDPOINT, {
    id: endpointId,
  });
  check(
    node.revision.id === ready.data.revisionId && node.revision.state === 'READY',
    `revision ${node.revision.number} is ${node.revision.state}`,
  );
  return { revisionId: node.revision.id, number: node.revision.number };
}

/** Predicts raw rows and checks every answer; answers the id of the prediction. */
export async function predict(client: TailraceClient, stage: Stage, endpoint: string, revisionId: string): Promise<string> {
  const answer = await client.infer(endpoint, inferRequest(RAW_ROWS));
  const labels = answer.outputs.find((output) => output.name === 'label')!.data;
  const probabilities = answer.outputs.find((output) => output.name === 'probabilities')!;
  const classes = probabilities.shape[1]!;
  labels.forEach((label, row) => {
    const best = Math.max(...probabilities.data.slice(row * classes, (row + 1) * classes).map(Number));
    stage.line(`  ${JSON.stringify(Object.values(RAW_ROWS[row]!)).padEnd(52)} -> ${label} (${best.toFixed(3)})`);
  });
  check(JSON.stringify(labels) === JSON.stringify(EXPECTED), `labels ${labels.join(', ')} are ${EXPECTED.join(', ')}`);
  const { prediction_id: id } = answer.parameters;
  check(id.includes(revisionId.slice(4)), 'the prediction id names the revision');
  return id;
}

/** Sends requests until `stop`, one after the other on `lanes` lanes; counts failures and the revisions that answered. */
export function keepAsking(client: TailraceClient, endpoint: string, lanes = 4) {
  const tally = { sent: 0, failed: 0, errors: [] as string[], revisions: new Map<string, number>() };
  let stopped = false;
  const lane = async () => {
    while (!stopped) {
      tally.sent += 1;
      await client.infer(endpoint, inferRequest(RAW_ROWS)).then(
        (answer) => {
          const revision = `rev_${answer.parameters.prediction_id.slice(4, 36)}`;
          tally.revisions.set(revision, (tally.revisions.get(revision) ?? 0) + 1);
        },
        (error: Error) => {
          tally.failed += 1;
          tally.errors.push(error.message);
        },
      );
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const running = Promise.all(Array.from({ length: lanes }, lane));
  return {
    async stop() {
      stopped = true;
      await running;
      return tally;
    },
  };
}
