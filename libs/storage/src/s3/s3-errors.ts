import { DomainError, errorMessage, isDomainError } from '#kernel';

const CAUSES: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there: start the S3 server or correct the endpoint',
  ENOTFOUND: 'the host name is unknown: correct the endpoint',
  EAI_AGAIN: 'the host name cannot be resolved now: check DNS or correct the endpoint',
  ECONNRESET: 'the connection broke: check the network and the S3 server',
  ETIMEDOUT: 'no answer: check the network and the endpoint',
  NoSuchBucket: 'the bucket does not exist: create it or correct its name',
  InvalidAccessKeyId: 'the access key is unknown: correct it',
  SignatureDoesNotMatch: 'the secret key is wrong: correct it',
  AccessDenied: 'access denied: give these keys the rights to get, put, delete and list objects of the bucket',
  RequestTimeTooSkewed: 'the clocks differ: synchronise the time of this machine',
};

export function s3Code(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}

/** A HEAD answer has no body, hence the second code. */
export function isMissing(error: unknown): boolean {
  return ['NoSuchKey', 'NotFound'].includes(s3Code(error));
}

/** STORAGE_UNAVAILABLE that names the place (endpoint and bucket), what is wrong and what to do; a DomainError passes through. */
export function s3Error(place: string, error: unknown): Error {
  if (isDomainError(error)) return error;
  const code = s3Code(error);
  const text = [CAUSES[code], errorMessage(error) || code].filter(Boolean).join(': ');
  return new DomainError('STORAGE_UNAVAILABLE', `blobs in ${place}: ${text}`);
}
