import { Injectable } from '@nestjs/common';
import { AccessView } from '#access';
import { DirectArtifacts } from '#tracking';
import { MlflowError, missing } from '../wire/errors.js';
import { required, text } from '../wire/message.js';
import { route, type Route } from '../wire/route.js';

/** Level of MLflow's API that is served here; clients choose by it what they may ask for. */
const MLFLOW_LEVEL = '3.11.1';

/** Rooms of MLflow that are not ours: what they stand below, and from which version of the API. */
const ELSEWHERE = [
  'traces',
  'unified-traces',
  'get-online-trace-details',
  'get-trace-artifact',
  'issues',
  'datasets',
  'scorers',
  'scorer',
  'gateway',
  'gateway-proxy',
  'prompt-optimization',
  'runs/create-promptlab-run',
  'assistant',
  'label-schemas',
  'review-queues',
  'jobs',
  'demo',
  'users',
  'roles',
] as const;
const METHODS = ['GET', 'POST', 'PATCH', 'PUT', 'DELETE'] as const;

/** What a client asks before it begins, and the polite no to what MLflow has and we have not. */
@Injectable()
export class InfoRoutes {
  constructor(
    private readonly access: AccessView,
    private readonly direct: DirectArtifacts,
  ) {}

  readonly routes: readonly Route[] = [
    ...route({ rpc: 'Health', on: 'GET //health', access: 'public', run: ({ reply }) => reply.type('text/plain').send('OK') }),
    ...route({
      rpc: 'Version',
      on: 'GET //version',
      access: 'public',
      run: ({ reply }) => reply.type('text/plain').send(MLFLOW_LEVEL),
    }),
    ...route({
      rpc: 'ServerInfo',
      on: 'GET /mlflow/server-info',
      version: '3.0',
      access: 'public',
      run: () => ({
        store_type: 'SqlStore',
        workspaces_enabled: true,
        trace_archival_enabled: false,
        multipart_uploads_enabled: this.direct.announced,
        multipart_downloads_enabled: this.direct.announced,
        presigned_upload_run_id_supported: true,
        presigned_upload_model_id_supported: true,
      }),
    }),
    ...route({
      rpc: 'ListWorkspaces',
      on: 'GET /mlflow/workspaces',
      version: '3.0',
      access: 'self.read',
      run: async ({ ctx }) => ({ workspaces: [{ name: await this.access.workspaceName(ctx.workspaceId) }] }),
    }),
    ...route({
      rpc: 'GetWorkspace',
      on: 'GET /mlflow/workspaces/:workspace_name',
      version: '3.0',
      access: 'self.read',
      input: { workspace_name: required(text) },
      run: async ({ ctx, input }) => {
        const name = await this.access.workspaceName(ctx.workspaceId);
        if (name !== input.workspace_name) throw missing(`Workspace '${input.workspace_name}' not found`);
        return { workspace: { name } };
      },
    }),
    ...route({
      rpc: 'ChangeWorkspace',
      on: ['POST /mlflow/workspaces', 'PATCH /mlflow/workspaces/:workspace_name', 'DELETE /mlflow/workspaces/:workspace_name'],
      version: '3.0',
      access: 'self.read',
      run: () => {
        throw new MlflowError('NOT_IMPLEMENTED', 'Workspaces are made by GraphQL: mutation createWorkspace');
      },
    }),
    ...(['2.0', '3.0'] as const).flatMap((version) =>
      ELSEWHERE.flatMap((room) => [`/mlflow/${room}`, `/mlflow/${room}/*`].flatMap((path) => notOurs(version, path, room))),
    ),
    ...(['//v1/traces', '//gateway/*'] as const).flatMap((path) => notOurs('2.0', path, path.slice(2))),
    ...(['2.0', '3.0'] as const).flatMap((version) => unknown(version)),
  ];
}

function notOurs(version: '2.0' | '3.0', path: string, room: string): Route[] {
  return route({
    rpc: `NotImplemented.${room}`,
    on: METHODS.map((method) => `${method} ${path}` as const),
    version,
    access: 'public',
    streams: true,
    run: () => {
      throw new MlflowError(
        'NOT_IMPLEMENTED',
        `Tailrace does not serve MLflow's ${room}; it serves tracking, artifacts, logged models and the model registry.`,
      );
    },
  });
}

/** Never a page of HTML: an address that there is not says so in MLflow's own form. */
function unknown(version: '2.0' | '3.0'): Route[] {
  return route({
    rpc: 'Unknown',
    on: METHODS.map((method) => `${method} /*` as const),
    version,
    access: 'public',
    streams: true,
    run: ({ request }) => {
      throw new MlflowError('ENDPOINT_NOT_FOUND', `No API found for '${request.method} ${request.url.split('?')[0]}'`);
    },
  });
}
