import { Injectable } from '@nestjs/common';
import type { Ctx } from '#access';
import { DirectArtifacts } from '#tracking';
import { artifactTarget, safePath, type ArtifactTarget } from '../wire/artifact-path.js';
import { invalid, MlflowError } from '../wire/errors.js';
import { toLoggedModelId } from '../wire/ids.js';
import { int, list, object, required, text } from '../wire/message.js';
import { route, type Route } from '../wire/route.js';
import { RunRoutes } from './runs.routes.js';

const PART = object({ part_number: required(int), etag: required(text), url: text });
/** Seconds that a URL is good for when the client names none. */
const UPLOAD_SECONDS = 900;
const DOWNLOAD_SECONDS = 300;

/** Artifacts that clients exchange with the object store themselves, where there is one: multipart uploads, and presigned URLs. */
@Injectable()
export class DirectArtifactRoutes {
  constructor(
    private readonly direct: DirectArtifacts,
    private readonly runs: RunRoutes,
  ) {}

  readonly routes: readonly Route[] = [
    ...route({
      rpc: 'CreateMultipartUpload',
      on: 'POST /mlflow-artifacts/mpu/create/*',
      access: 'tracking.write',
      input: { '*': required(text), path: required(text), num_parts: int },
      run: async ({ ctx, input }) => {
        this.demand('Multipart upload');
        const { ownerId, path } = fileTarget(ctx, input['*'], input.path);
        const { id, urls } = await this.direct.beginParts(ctx, ownerId, path, input.num_parts ?? 1);
        return { upload_id: id, credentials: urls.map((url, index) => ({ url, part_number: index + 1, headers: {} })) };
      },
    }),
    ...route({
      rpc: 'CompleteMultipartUpload',
      on: 'POST /mlflow-artifacts/mpu/complete/*',
      access: 'tracking.write',
      input: { '*': required(text), path: required(text), upload_id: required(text), parts: required(list(PART)) },
      run: async ({ ctx, input }) => {
        this.demand('Multipart upload');
        const { ownerId, path } = fileTarget(ctx, input['*'], input.path);
        const parts = input.parts.map((part) => ({ number: part!.part_number, etag: part!.etag.replaceAll('"', '') }));
        await this.direct.completeParts(ctx, ownerId, path, input.upload_id, parts);
        return {};
      },
    }),
    ...route({
      rpc: 'AbortMultipartUpload',
      on: 'POST /mlflow-artifacts/mpu/abort/*',
      access: 'tracking.write',
      input: { '*': required(text), path: required(text), upload_id: required(text) },
      run: async ({ ctx, input }) => {
        this.demand('Multipart upload');
        const { ownerId, path } = fileTarget(ctx, input['*'], input.path);
        await this.direct.abortParts(ctx, ownerId, path, input.upload_id);
        return {};
      },
    }),
    ...route({
      rpc: 'GetPresignedDownloadUrl',
      on: 'GET /mlflow-artifacts/presigned/*',
      access: 'tracking.read',
      input: { '*': required(text) },
      run: async ({ ctx, input }) => {
        this.demand('Multipart download');
        const { ownerId, path } = artifactTarget(ctx.workspaceId, safePath(input['*']));
        const { url, size } = await this.direct.downloadUrl(ctx, ownerId, path, DOWNLOAD_SECONDS);
        return { url, headers: {}, file_size: size };
      },
    }),
    ...route({
      rpc: 'CreatePresignedUploadUrl',
      on: 'POST /mlflow/artifacts/presigned-upload-url',
      access: 'tracking.write',
      input: { run_id: text, model_id: text, path: required(text), expiration: int },
      run: async ({ ctx, input }) => {
        this.demand('Presigned upload');
        const ownerId = await this.owner(ctx, input.run_id, input.model_id);
        const path = filePath(input.path);
        const url = await this.direct.uploadUrl(ctx, ownerId, path, input.expiration ?? UPLOAD_SECONDS);
        return { presigned_url: url, headers: {} };
      },
    }),
    ...route({
      rpc: 'CreatePresignedDownloadUrl',
      on: 'POST /mlflow/artifacts/presigned-download-url',
      access: 'tracking.read',
      input: { run_id: text, model_id: text, path: required(text), expiration: int },
      run: async ({ ctx, input }) => {
        this.demand('Presigned download');
        const ownerId = await this.owner(ctx, input.run_id, input.model_id);
        const path = filePath(input.path);
        const { url, size } = await this.direct.downloadUrl(ctx, ownerId, path, input.expiration ?? DOWNLOAD_SECONDS);
        return { presigned_url: url, headers: {}, file_size: size };
      },
    }),
  ];

  /** Clients take exactly this answer for "send it through the server". */
  private demand(what: string): void {
    if (this.direct.possible) return;
    throw new MlflowError('NOT_IMPLEMENTED', `${what} is not supported for the current artifact repository`);
  }

  private async owner(ctx: Ctx, runId: string | undefined, modelId: string | undefined): Promise<string> {
    if (Boolean(runId) === Boolean(modelId)) throw invalid('Exactly one of run_id and model_id must be provided.');
    return runId ? (await this.runs.found(ctx, runId)).id : toLoggedModelId(modelId!);
  }
}

/** The folder is in the address; the file is named by its path on the client's machine, of which the last part counts. */
function fileTarget(ctx: Ctx, folder: string, localFile: string): ArtifactTarget {
  const name = localFile.split(/[/\\]/).at(-1)!;
  const { ownerId, path } = artifactTarget(ctx.workspaceId, safePath(folder));
  return { ownerId, path: filePath(path ? `${path}/${name}` : name) };
}

function filePath(path: string): string {
  const safe = safePath(path);
  if (safe === '') throw invalid('Invalid path');
  return safe;
}
