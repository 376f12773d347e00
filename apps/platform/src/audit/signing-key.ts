import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readSecret, writeSecret } from '#host';

export interface SigningKey {
  readonly privateKey: KeyObject;
  /** SPKI, PEM. */
  readonly publicKey: string;
}

/** The Ed25519 key that checkpoints are signed by, from a PEM file (PKCS 8); made there, 0600, when there is none. Throws for another kind of key. */
export async function signingKey(file: string): Promise<SigningKey> {
  const pem = (await readSecret(file)) ?? (await makeKey(file));
  const privateKey = createPrivateKey(pem);
  if (privateKey.asymmetricKeyType !== 'ed25519') throw new Error(`${file} must hold an Ed25519 private key`);
  return { privateKey, publicKey: createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString() };
}

async function makeKey(file: string): Promise<string> {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString().trim();
  await mkdir(dirname(file), { recursive: true });
  await writeSecret(file, pem);
  return pem;
}
