import { describe, expect, it } from 'vitest';
import { S3BlobStore } from './s3-blob-store.js';

const keys = { bucket: 'blobs', accessKey: 'a', secretKey: 'b' };

describe('the S3 endpoint', () => {
  it.each(['', 'localhost:9000', 'ftp://host', 'http://host/path', 'http://user@host', 'http://host?x=1'])(
    '%j is refused',
    (endpoint) => {
      expect(() => new S3BlobStore({ endpoint, ...keys })).toThrow(
        expect.objectContaining({ code: 'BAD_INPUT', field: 'endpoint' }),
      );
    },
  );

  it.each(['http://127.0.0.1:9000', 'https://s3.example.org/', 'http://[::1]:9000'])('%j is accepted', (endpoint) => {
    expect(() => new S3BlobStore({ endpoint, ...keys })).not.toThrow();
  });
});
