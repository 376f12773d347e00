import { join } from 'node:path';

/** Where things lie. `home` is the caller's folder; `base` holds what PostgreSQL itself must reach, and is `home` wherever that works. */
export interface Layout {
  readonly home: string;
  readonly base: string;
  readonly data: string;
  /** initdb's unfinished work: renamed to `data` when complete, so that a kill in the middle is simply begun again. */
  readonly dataNew: string;
  readonly passwordFile: string;
  readonly log: string;
  readonly record: string;
  readonly lock: string;
  /** Names `base` when it is not `home`. */
  readonly location: string;
}

export function layoutOf(home: string, base = home): Layout {
  return {
    home,
    base,
    data: join(base, 'data'),
    dataNew: join(base, 'data.new'),
    passwordFile: join(home, 'superuser'),
    log: join(home, 'postgres.log'),
    record: join(home, 'server.json'),
    lock: join(home, 'start.lock'),
    location: join(home, 'LOCATION'),
  };
}
