import { Client } from 'minio';
import { findWeed, startSeaweedFs } from '../../libs/storage/src/testing/start-seaweedfs.js';

const weed = findWeed(process.env);
/** Why what needs a real S3 server cannot run, if it cannot. */
export const noSeaweed = weed ? undefined : 'SeaweedFS not found; run: bash infra/seaweedfs.sh';

/** A SeaweedFS with an empty bucket, and the settings of a platform that keeps its blobs there. */
export async function startS3(): Promise<{ readonly env: Readonly<Record<string, string>>; stop(): Promise<void> }> {
  const s3 = await startSeaweedFs(weed!);
  const { hostname, port } = new URL(s3.endpoint);
  const { accessKey, secretKey } = s3;
  const bucket = new Client({ endPoint: hostname, port: Number(port), useSSL: false, accessKey, secretKey });
  await bucket.makeBucket('tailrace');
  const env = { S3_ENDPOINT: s3.endpoint, S3_BUCKET: 'tailrace', S3_ACCESS_KEY: accessKey, S3_SECRET_KEY: secretKey };
  return { env, stop: () => s3.stop() };
}

export function titled(title: string, missing: string | undefined): string {
  return missing ? `${title} (skipped: ${missing})` : title;
}
