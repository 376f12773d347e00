import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Ctx } from '#access';
import { isDomainError } from '#kernel';
import { ArtifactsService, ArtifactsView, DirectArtifacts, type ArtifactEntry } from '#tracking';
import { BlobTransfer } from '../../blobs/blob-transfer.js';
import { artifactTarget, safePath, type ArtifactTarget } from '../wire/artifact-path.js';
import { contentType } from '../wire/content-type.js';
import { invalid, missing, MlflowError } from '../wire/errors.js';
import { compact } from '../wire/json.js';
import { required, text } from '../wire/message.js';
import { runArtifactUri } from '../wire/run-json.js';
import { route, type Route } from '../wire/route.js';
import { RUN_ID, RunRoutes } from './runs.routes.js';

const WILD = '/mlflow-artifacts/artifacts/*';
/** Entries of one page of artifacts/list. */
const PAGE = 1000;

/** Artifacts: lists, and the proxied files of `mlflow-artifacts:`. */
@Injectable()
export class ArtifactRoutes {
  constructor(
    private readonly service: ArtifactsService,
    private readonly view: ArtifactsView,
    private readonly runs: RunRoutes,
    private readonly transfer: BlobTransfer,
    private readonly direct: DirectArtifacts,
  ) {}

  readonly routes: readonly Route[] = [
    ...route({
      rpc: 'ListArtifacts',
      on: 'GET /mlflow/artifacts/list',
      access: 'tracking.read',
      input: { run_id: RUN_ID, path: text, page_token: text },
      run: async ({ ctx, input }) => {
        const run = await this.runs.found(ctx, input.run_id);
        const listed = await this.page(ctx, { ownerId: run.id, path: safePath(input.path ?? '') }, input.page_token);
        return { root_uri: runArtifactUri(run), ...listed };
      },
    }),
    ...route({
      rpc: 'GetArtifact',
      on: 'GET //get-artifact',
      access: 'tracking.read',
      input: { run_id: RUN_ID, path: required(text) },
      run: async ({ ctx, input, reply }) => {
        const run = await this.runs.found(ctx, input.run_id);
        return this.send(ctx, { ownerId: run.id, path: safePath(input.path) }, reply);
      },
    }),
    ...route({
      rpc: 'UploadRunArtifact',
      on: 'POST /mlflow/upload-artifact',
      access: 'tracking.write',
      streams: true,
      input: { run_uuid: text, path: text },
      run: async ({ ctx, input, request }) => {
        if (!input.run_uuid) throw invalid('Request must specify run_uuid.');
        if (!input.path) throw invalid('Request must specify path.');
        const path = safePath(input.path);
        if (isEmpty(request)) throw invalid('Request must specify data.');
        const run = await this.runs.found(ctx, input.run_uuid);
        return this.receive(ctx, { ownerId: run.id, path }, request);
      },
    }),
    ...route({
      rpc: 'UploadArtifact',
      on: `PUT ${WILD}`,
      access: 'tracking.write',
      streams: true,
      input: { '*': required(text) },
      run: ({ ctx, input, request }) => this.receive(ctx, target(ctx, input['*']), request),
    }),
    ...route({
      rpc: 'DownloadArtifact',
      on: `GET ${WILD}`,
      access: 'tracking.read',
      input: { '*': text },
      run: ({ ctx, input, reply }) => this.send(ctx, target(ctx, input['*'] ?? ''), reply),
    }),
    ...route({
      rpc: 'DeleteArtifact',
      on: `DELETE ${WILD}`,
      access: 'tracking.write',
      streams: true,
      input: { '*': text },
      run: async ({ ctx, input }) => {
        const { ownerId, path } = target(ctx, input['*'] ?? '');
        if (path === '' && ownerId === ctx.workspaceId) throw invalid('Invalid path');
        await this.service.remove(ctx, ownerId, path);
      },
    }),
    ...route({
      rpc: 'ListProxiedArtifacts',
      on: 'GET /mlflow-artifacts/artifacts',
      access: 'tracking.read',
      input: { path: text, page_token: text },
      run: async ({ ctx, input }) => {
        const listed = await this.page(ctx, target(ctx, input.path ?? ''), input.page_token);
        return { ...listed, files: listed.files.map((file) => ({ ...file, path: file.path.split('/').at(-1)! })) };
      },
    }),
  ];

  /** One page below a path of an owner. */
  async page(ctx: Ctx, { ownerId, path }: ArtifactTarget, token: string | undefined) {
    await this.direct.settle(ownerId);
    const after = token ? Buffer.from(token, 'base64url').toString('utf8') : null;
    const found = await this.view.list(ctx, ownerId, path, after, PAGE + 1);
    const last = found[PAGE - 1];
    const next = found.length > PAGE ? Buffer.from(last!.path.split('/').at(-1)!).toString('base64url') : undefined;
    return compact({ files: found.slice(0, PAGE).map(toFile), next_page_token: next });
  }

  /** The rights come first, then the content, then its path. */
  async receive(ctx: Ctx, { ownerId, path }: ArtifactTarget, request: FastifyRequest): Promise<object> {
    if (path === '') throw invalid('Invalid path');
    await this.view.mayWrite(ctx, ownerId);
    await this.service.add(ctx, ownerId, path, await this.transfer.receive(ctx.workspaceId, request));
    return {};
  }

  async send(ctx: Ctx, { ownerId, path }: ArtifactTarget, reply: FastifyReply): Promise<FastifyReply> {
    if (path === '') throw new MlflowError('BAD_REQUEST', 'Artifact path refers to a directory, not a file: .');
    await this.direct.settle(ownerId);
    const file = await this.view.file(ctx, ownerId, path).catch(async (error: unknown) => {
      if (!isDomainError(error) || error.details?.['reason'] !== 'NO_ARTIFACT') throw error;
      const isFolder = (await this.view.list(ctx, ownerId, path, null, 1)).length > 0;
      throw isFolder
        ? new MlflowError('BAD_REQUEST', `Artifact path refers to a directory, not a file: ${path}`)
        : missing(`No such artifact: '${path}'`);
    });
    const name = path.split('/').at(-1)!;
    return this.transfer.send(ctx.workspaceId, file.blob, reply, name, contentType(name));
  }
}

const isEmpty = ({ headers }: FastifyRequest): boolean =>
  headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;

const target = (ctx: Ctx, path: string): ArtifactTarget => artifactTarget(ctx.workspaceId, safePath(path));

function toFile({ path, isDir, size }: ArtifactEntry) {
  return isDir ? { path, is_dir: true } : { path, is_dir: false, file_size: size };
}
