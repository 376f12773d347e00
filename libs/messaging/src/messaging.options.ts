export const MESSAGING_OPTIONS = Symbol('MessagingOptions');

export interface MessagingOptions {
  readonly databaseUrl: string;
  readonly redisUrl?: string;
  /** Name of the process, seen in pg_stat_activity. */
  readonly service: string;
  /** How often readers of the log look without being woken, in milliseconds. */
  readonly pollMs: number;
  /** How often the sweeper looks for lost jobs, in seconds. */
  readonly sweepSeconds: number;
  readonly retentionDays: number;
}
