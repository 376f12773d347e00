import http from 'node:http';
import https from 'node:https';
import { Client } from 'minio';
import { DomainError } from '#kernel';

export interface S3Options {
  /** `http://host:port` or `https://host`, without a path. */
  readonly endpoint: string;
  readonly bucket: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** Default `us-east-1`, which servers other than AWS take for any. */
  readonly region?: string;
  /** Where clients reach the same server, for URLs that are given to them; `off`: they cannot. Default: `endpoint`. */
  readonly publicEndpoint?: string;
  /** Put before every key, so that a bucket can be shared. */
  readonly prefix?: string;
  /** Bytes; for tests. S3 itself wants parts of 5 MiB to 5 GiB and copies at most 5 GiB at once. */
  readonly limits?: { readonly part?: number; readonly copy?: number };
}

// The client waits for ever on a server that accepts and stays silent. Reading slowly counts as silence too, hence so long.
const SILENCE_MS = 120_000;

function transport(secure: boolean): { request: typeof http.request } {
  const request = (options: https.RequestOptions, listener?: (response: http.IncomingMessage) => void) => {
    const sent = (secure ? https : http).request(options, listener);
    return sent.setTimeout(SILENCE_MS, () => sent.destroy(new Error(`no answer for ${SILENCE_MS / 1000} s`)));
  };
  return { request: request as typeof http.request };
}

function parseEndpoint(endpoint: string): URL {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.pathname === '/' && !url.search && !url.username) return url;
  throw new DomainError('BAD_INPUT', 'the S3 endpoint must look like http://host:port or https://host', 'endpoint');
}

export class S3Client extends Client {
  /** Parts of a multipart upload that the server has, with their bytes. */
  partsOf(bucket: string, key: string, uploadId: string): Promise<ListedPart[]> {
    return this.listParts(bucket, key, uploadId) as Promise<ListedPart[]>;
  }
}

export interface ListedPart {
  readonly part: number;
  readonly size: number;
  readonly etag: string;
  readonly lastModified: Date;
}

/** The `minio` client for one address of the server. Throws BAD_INPUT for an endpoint that is no plain http(s) URL. */
export function s3Client(options: S3Options, endpoint: string): S3Client {
  const url = parseEndpoint(endpoint);
  const secure = url.protocol === 'https:';
  return new S3Client({
    endPoint: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port ? Number(url.port) : secure ? 443 : 80,
    useSSL: secure,
    accessKey: options.accessKey,
    secretKey: options.secretKey,
    region: options.region ?? 'us-east-1',
    transport: transport(secure),
  });
}
