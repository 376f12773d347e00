import { Client } from 'minio';
import { findWeed, startSeaweedFs } from '../../libs/storage/src/testing/start-seaweedfs.js';

export const BUCKET = 'tailrace';
const weed = findWeed(process.env);
/** Why what needs a real S3 server cannot run, if it cannot. */
export const noSeaweed = weed ? undefined : 'SeaweedFS not found; run: bash infra/seaweedfs.sh';

export interface S3 {
  readonly env: Readonly<Record<string, string>>;
  readonly client: Client;
  stop(): Promise<void>;
}

/** A SeaweedFS with an empty bucket, and the settings of a platform that keeps its blobs there. */
export async function startS3(): Promise<S3> {
  const s3 = await startSeaweedFs(weed!);
  const { hostname, port } = new URL(s3.endpoint);
  const { accessKey, secretKey } = s3;
  const client = new Client({ endPoint: hostname, port: Number(port), useSSL: false, accessKey, secretKey });
  await client.makeBucket(BUCKET);
  const env = { S3_ENDPOINT: s3.endpoint, S3_BUCKET: BUCKET, S3_ACCESS_KEY: accessKey, S3_SECRET_KEY: secretKey };
  return { env, client, stop: () => s3.stop() };
}

export function titled(title: string, missing: string | undefined): string {
  return missing ? `${title} (skipped: ${missing})` : title;
}
