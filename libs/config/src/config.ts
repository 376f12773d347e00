import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { z } from 'zod';

const int = (fallback: number, min = 0, max = 2 ** 31) => z.coerce.number().int().min(min).max(max).default(fallback);
const list = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((item) => item.trim())
      .filter(Boolean),
  );

const networks = list.superRefine((items, context) => {
  for (const item of items)
    if (!isNetwork(item))
      context.addIssue({ code: 'custom', message: `${item} is not a network in CIDR form, such as 10.1.0.0/16 or fd00:1::/32` });
});

const EnvSchema = z.object({
  TAILRACE_HOME: z.string().min(1).default('.tailrace'),
  TAILRACE_HOST: z.string().min(1).default('127.0.0.1'),
  TAILRACE_PORT: int(7070, 0, 65_535),
  TAILRACE_ALLOWED_HOSTS: list,
  TAILRACE_PUBLIC_URL: z.url().optional(),
  TAILRACE_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  TAILRACE_MAX_BODY_MB: int(65_536, 1),
  DATABASE_URL: z.string().optional(),
  MIGRATION_DATABASE_URL: z.string().optional(),
  TAILRACE_DATABASE_POOL: z.coerce.number().int().min(1).max(100).optional(),
  REDIS_URL: z.string().optional(),
  S3_ENDPOINT: z.url().optional(),
  S3_BUCKET: z.string().optional(),
  S3_ACCESS_KEY: z.string().optional(),
  S3_SECRET_KEY: z.string().optional(),
  S3_PUBLIC_ENDPOINT: z.union([z.url(), z.literal('off')], 'must be a URL, or off').optional(),
  S3_REGION: z.string().default('us-east-1'),
  TAILRACE_SWEEP_SECONDS: int(30, 1),
  TAILRACE_POLL_MS: int(500, 10),
  TAILRACE_RETENTION_DAYS: int(30, 1),
  TAILRACE_TRASH_DAYS: int(30, 0, 36_500),
  TAILRACE_RUNNER_SLOTS: int(1, 0, 64),
  TAILRACE_TRAINING_BACKEND: z.enum(['auto', 'gpu', 'wasm', 'cpu']).default('auto'),
  TAILRACE_LEASE_SECONDS: int(60, 1),
  TAILRACE_LEASE_GRACE_SECONDS: int(30, 0),
  TAILRACE_HEARTBEAT_SECONDS: int(20, 1),
  TAILRACE_MAX_ATTEMPTS: int(3, 1, 100),
  TAILRACE_API_URL: z.url().optional(),
  TAILRACE_INFERENCE_URL: z.url().optional(),
  TAILRACE_SERVICE_TOKEN_FILE: z.string().optional(),
  TAILRACE_AUDIT_KEY: z.string().min(1).optional(),
  TAILRACE_WEBHOOK_ALLOW: networks,
});

export interface Config {
  /** Absolute path of the folder that holds all state of this installation. */
  readonly home: string;
  readonly logLevel: string;
  readonly http: {
    readonly host: string;
    readonly port: number;
    readonly allowedHosts: readonly string[];
    readonly maxBodyBytes: number;
    /** Where others reach this installation, without a slash at its end; events that are sent name it. */
    readonly publicUrl: string;
  };
  /** `url` is the application's role; `migrationUrl` the owner of the tables. Absent: the embedded server. */
  readonly database: { readonly url?: string; readonly migrationUrl?: string; readonly pool?: number };
  readonly redisUrl?: string;
  readonly s3?: {
    readonly endpoint: string;
    readonly bucket: string;
    readonly accessKey: string;
    readonly secretKey: string;
    readonly region: string;
    /** Where clients reach the server themselves; `off`: they cannot. Absent: at `endpoint`, if they ask for it. */
    readonly publicEndpoint?: string;
  };
  readonly messaging: { readonly sweepSeconds: number; readonly pollMs: number; readonly retentionDays: number };
  /** How long runs, experiments and logged models stay in the trash; 0: until somebody purges them. */
  readonly trashDays: number;
  readonly training: {
    readonly slots: number;
    readonly backend: 'auto' | 'gpu' | 'wasm' | 'cpu';
    readonly leaseSeconds: number;
    readonly graceSeconds: number;
    readonly heartbeatSeconds: number;
    readonly maxAttempts: number;
  };
  /** Networks, in CIDR form, that webhooks may reach beside public addresses, by plain HTTP too. */
  readonly webhooks: { readonly allow: readonly string[] };
  /** Where attempts and inference nodes find the API, and where the API finds the inference node; absent in `platform`, which knows. */
  readonly urls: { readonly api?: string; readonly inference?: string };
  /** File (0600) with the token by which inference nodes speak to the API. */
  readonly serviceTokenFile: string;
  /** File (PEM, 0600) with the private key that checkpoints of the audit are signed by; made by the first of them. */
  readonly auditKeyFile: string;
}

/** Parses the environment once. Throws an Error that names every variable that is wrong, and why. */
export function loadConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const parsed = EnvSchema.safeParse(env);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
    throw new Error(`The environment is not valid:\n${lines.join('\n')}`);
  }
  const e = parsed.data;
  const home = resolve(e.TAILRACE_HOME);
  return {
    home,
    logLevel: e.TAILRACE_LOG_LEVEL,
    http: {
      host: e.TAILRACE_HOST,
      port: e.TAILRACE_PORT,
      allowedHosts: e.TAILRACE_ALLOWED_HOSTS,
      maxBodyBytes: e.TAILRACE_MAX_BODY_MB * 2 ** 20,
      publicUrl: (e.TAILRACE_PUBLIC_URL ?? `http://${e.TAILRACE_HOST}:${e.TAILRACE_PORT}`).replace(/\/+$/, ''),
    },
    database: { url: e.DATABASE_URL, migrationUrl: e.MIGRATION_DATABASE_URL, pool: e.TAILRACE_DATABASE_POOL },
    redisUrl: e.REDIS_URL,
    s3: s3Section(e),
    messaging: { sweepSeconds: e.TAILRACE_SWEEP_SECONDS, pollMs: e.TAILRACE_POLL_MS, retentionDays: e.TAILRACE_RETENTION_DAYS },
    trashDays: e.TAILRACE_TRASH_DAYS,
    training: {
      slots: e.TAILRACE_RUNNER_SLOTS,
      backend: e.TAILRACE_TRAINING_BACKEND,
      leaseSeconds: e.TAILRACE_LEASE_SECONDS,
      graceSeconds: e.TAILRACE_LEASE_GRACE_SECONDS,
      heartbeatSeconds: e.TAILRACE_HEARTBEAT_SECONDS,
      maxAttempts: e.TAILRACE_MAX_ATTEMPTS,
    },
    webhooks: { allow: e.TAILRACE_WEBHOOK_ALLOW },
    urls: { api: e.TAILRACE_API_URL, inference: e.TAILRACE_INFERENCE_URL },
    serviceTokenFile: resolve(e.TAILRACE_SERVICE_TOKEN_FILE ?? `${home}/service-token`),
    auditKeyFile: resolve(e.TAILRACE_AUDIT_KEY ?? `${home}/audit-key.pem`),
  };
}

/** The environment as it is, for those who change a variable before it is parsed. */
export function environment(): NodeJS.ProcessEnv {
  return { ...process.env };
}

function isNetwork(text: string): boolean {
  const [, address, bits] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  return address !== undefined && Number(bits) <= ({ 4: 32, 6: 128 }[isIP(address)] ?? -1);
}

function s3Section(e: z.infer<typeof EnvSchema>): Config['s3'] {
  if (!e.S3_ENDPOINT) return undefined;
  const missing = (['S3_BUCKET', 'S3_ACCESS_KEY', 'S3_SECRET_KEY'] as const).filter((name) => !e[name]);
  if (missing.length) throw new Error(`S3_ENDPOINT is set, so these must be set too: ${missing.join(', ')}`);
  return {
    endpoint: e.S3_ENDPOINT,
    bucket: e.S3_BUCKET!,
    accessKey: e.S3_ACCESS_KEY!,
    secretKey: e.S3_SECRET_KEY!,
    region: e.S3_REGION,
    publicEndpoint: e.S3_PUBLIC_ENDPOINT,
  };
}
