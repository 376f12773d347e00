import { Args, Flags } from '@oclif/core';
import type { TailraceClient } from '../../client/tailrace-client.js';
import { EXIT, Failure } from '../../exit-codes.js';
import { until } from '../../poll.js';
import { READ_REQUEST, REQUEST, versionIdOf, type StageRequest } from './queries.js';

export const decideArgs = {
  target: Args.string({ description: 'Id of the request, or name of the model.', required: true }),
  version: Args.integer({ description: 'Number of the version, with the name of a model.', min: 1 }),
};
export const decideFlags = { comment: Flags.string({ description: 'Kept with the decision.' }) };

const OPEN = `query ($id: ID!) { stageRequests(first: 10, where: { versionId: $id, state: [EVALUATING, AWAITING_APPROVAL] }) { edges { node { id stage state } } } }`;

const MOVE_SECONDS = 600;

/** Decides a request that is named by its id or by its model and version. Throws Failure when none is open, or more than one. */
export async function decide(
  client: TailraceClient,
  field: 'approveStage' | 'rejectStage',
  args: { target: string; version?: number },
  comment: string | undefined,
): Promise<StageRequest> {
  const requestId = /^req_[0-9a-f]{32}$/.test(args.target) ? args.target : await openRequest(client, args.target, args.version);
  const mutation = `mutation ($input: DecideInput!) { ${field}(input: $input) { stageRequest { ${REQUEST} } userErrors { code message field } } }`;
  const { stageRequest } = await client.mutate<{ stageRequest: StageRequest }>(mutation, { requestId, comment });
  return settled(client, stageRequest);
}

/** After the last approval the gates that look at the champion are evaluated once more. */
async function settled(client: TailraceClient, request: StageRequest): Promise<StageRequest> {
  if (request.state !== 'RECHECKING') return request;
  const ask = async () => (await client.query<{ node: StageRequest }>(READ_REQUEST, { id: request.id })).node;
  return until(ask, ({ state }) => state !== 'RECHECKING', MOVE_SECONDS, 'the move');
}

async function openRequest(client: TailraceClient, name: string, number: number | undefined): Promise<string> {
  if (number === undefined) throw new Failure(`say which version of ${name}, or give the id of a request (req_…)`, EXIT.usage);
  const id = await versionIdOf(client, name, number);
  const { stageRequests } = await client.query<{
    stageRequests: { edges: { node: { id: string; stage: string; state: string } }[] };
  }>(OPEN, { id });
  const open = stageRequests.edges.map(({ node }) => node);
  if (open.length === 0)
    throw new Failure(
      `${name} version ${number} has no open request; ask for a stage with \`tailrace model promote\``,
      EXIT.notFound,
    );
  if (open.length > 1)
    throw new Failure(
      `${name} version ${number} has several open requests: ${open.map((r) => `${r.id} (${r.stage})`).join(', ')}; give the id of one`,
      EXIT.usage,
    );
  return open[0]!.id;
}
