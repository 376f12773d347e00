import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import { AccessService, Authenticator, createCtx, TokensService } from '#access';
import type { Config } from '#config';

export interface FirstTokens {
  readonly workspaceId: string;
  /** Sign-in token of the first member; only on the first start. */
  readonly adminToken?: string;
}

/**
 * Makes the first workspace, member and tokens when they are missing: the sign-in token, kept for the CLI in `<home>/token`, and the token by
 * which inference nodes speak to the API. Both files are 0600; the server itself keeps hashes only.
 */
export async function ensureFirstTokens(app: INestApplicationContext, config: Config): Promise<FirstTokens> {
  const access = app.get(AccessService);
  const first = await access.bootstrap();
  if (first.adminToken) await writeSecret(join(config.home, 'token'), first.adminToken);
  const service = await readSecret(config.serviceTokenFile);
  const usable =
    service &&
    (await app
      .get(Authenticator)
      .authenticate(service)
      .then(
        () => true,
        () => false,
      ));
  if (!usable) {
    const ctx = createCtx(first.workspaceId, { kind: 'system', name: 'bootstrap' });
    const { text } = await app.get(TokensService).create(ctx, { memberId: null, name: 'inference nodes', scope: 'node' });
    await writeSecret(config.serviceTokenFile, text);
  }
  return first;
}

export async function readSecret(path: string): Promise<string | undefined> {
  return (await readFile(path, 'utf8').catch(() => '')).trim() || undefined;
}

/** 0600, and there whole or not at all. */
export async function writeSecret(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, `${text}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
