import { createServer, type AddressInfo } from 'node:net';

function probe(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => {
      const found = (server.address() as AddressInfo).port;
      server.close(() => resolve(found));
    });
  });
}

/** A TCP port that is free on 127.0.0.1 now: `preferred` if it is, else any. Someone may take it before it is used. */
export async function freePort(preferred?: number): Promise<number> {
  const port = (preferred && (await probe(preferred))) || (await probe(0));
  if (!port) throw new Error('no TCP port is free on 127.0.0.1');
  return port;
}
