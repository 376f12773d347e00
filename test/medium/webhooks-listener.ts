import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CloudEvent, HTTP } from 'cloudevents';
import { Webhook } from 'standardwebhooks';

export interface Arrival {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

type Answer = (response: ServerResponse, nth: number) => void;

export const answers = (status: number, headers: Record<string, string> = {}): Answer => {
  return (response) => void response.writeHead(status, headers).end('thanks');
};

/** A receiver on this machine that answers each call as it is told. */
export async function startListener(answer: Answer = answers(200)) {
  const calls: Arrival[] = [];
  const listener = {
    answer,
    calls,
    url: '',
    /** What came, as a CloudEvent. */
    events: () => calls.map(toEvent),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    calls.push({ headers: request.headers, body: Buffer.concat(chunks).toString('utf8') });
    listener.answer(response, calls.length);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  listener.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`;
  return listener;
}

export type Listener = Awaited<ReturnType<typeof startListener>>;

/** Reads a call by the SDK of CloudEvents, which throws for what is not one. */
export function toEvent({ headers, body }: Arrival): CloudEvent<Record<string, unknown>> {
  const event = HTTP.toEvent<Record<string, unknown>>({ headers, body });
  if (Array.isArray(event)) throw new Error('a batch came');
  return event as CloudEvent<Record<string, unknown>>;
}

/** Checks the signature by the library of Standard Webhooks. Throws when it is not right. */
export function verify({ headers, body }: Arrival, secret: string): unknown {
  return new Webhook(secret).verify(body, headers as Record<string, string>);
}
