import { pino, type Logger } from 'pino';

export type { Logger };

/** Structured JSON logs on stderr (stdout belongs to data); secrets are cut wherever they appear under these names. */
export function createLogger(level: string, service: string): Logger {
  return pino(
    {
      level,
      base: { service },
      redact: {
        paths: ['token', 'password', 'authorization', '*.token', '*.password', '*.authorization', 'req.headers'],
        censor: '[redacted]',
      },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}
