const DEFAULTS: Record<string, string> = {
  max_connections: '100',
  shared_buffers: '64MB',
  maintenance_work_mem: '32MB',
  max_wal_size: '512MB',
  // Parallel workers share memory through /dev/shm, of which a container has 64 MB, and a small server gains nothing by them.
  max_parallel_workers_per_gather: '0',
  timezone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
  log_line_prefix: '%m [%p] ',
};

/** What nobody may change: durability, and that only this machine can reach the server. */
const FIXED: Record<string, string> = {
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  logging_collector: 'off',
};

/** `-c name=value` words for postgres; they win over postgresql.conf and ALTER SYSTEM. Throws when `own` names a fixed setting. */
export function settingArgs(port: number, own: Record<string, string> = {}): string[] {
  for (const name of Object.keys(own)) {
    if (!/^[a-z_][a-z0-9_.]*$/.test(name)) throw new Error(`${JSON.stringify(name)} is no name of a PostgreSQL setting`);
    if (name in FIXED || name === 'port') throw new Error(`the embedded PostgreSQL does not let anyone change ${name}`);
  }
  const all = { ...DEFAULTS, ...own, ...FIXED, port: String(port) };
  return Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
