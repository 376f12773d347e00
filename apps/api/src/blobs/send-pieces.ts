import type { FastifyReply } from 'fastify';
import type { ServerResponse } from 'node:http';

/**
 * Sends a body piece by piece, past the framework: a piece may be used again as soon as the next one is asked for, so that must wait until the socket has
 * taken it. What fails after the head has been sent ends the connection: the client sees that the body is too short.
 */
export async function sendPieces(reply: FastifyReply, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  const response = reply.raw;
  reply.hijack();
  response.writeHead(reply.statusCode, reply.getHeaders() as Record<string, string>);
  try {
    for await (const piece of pieces) if (!(await written(response, piece))) break;
    response.end();
  } catch (error) {
    response.destroy(error as Error);
  }
}

/** Resolves to false when nobody takes it any more. */
function written(response: ServerResponse, piece: Uint8Array): Promise<boolean> {
  if (response.destroyed) return Promise.resolve(false);
  return new Promise((resolve) => {
    const gone = () => resolve(false);
    response.once('close', gone);
    response.write(piece, (error) => {
      response.off('close', gone);
      resolve(!error);
    });
  });
}
