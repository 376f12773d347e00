import { readFile } from 'node:fs/promises';
import type { Server } from '#testing';
import { SseReader } from './sse-reader.js';

export interface Sequenced {
  readonly sequence: string;
}
export const FOLLOW = 'subscription ($after: String) { events(after: $after, types: ["experiment.created"]) { sequence } }';

/** Follows new experiments by SSE and by subscription at once, each after the last sequence that it has; `keep` adds what came, and ends both. */
export async function following(server: Server, bySse: string[], bySocket: string[]) {
  const headers: Record<string, string> = bySse.length > 0 ? { 'last-event-id': bySse.at(-1)! } : {};
  const sse = new SseReader(server, '?types=experiment.created', { headers });
  const socket = await server.client().socket();
  const { values } = socket.start<Sequenced>(FOLLOW, { after: bySocket.at(-1) });
  await sse.opened();
  return {
    last: () => [sse.frames.at(-1)?.id, values.at(-1)?.sequence],
    /** How many events both have heard. */
    heard: () => Math.min(sse.frames.length, values.length),
    keep: () => {
      sse.stop();
      socket.drop();
      bySse.push(...sse.frames.map(({ id }) => id));
      bySocket.push(...values.map(({ sequence }) => sequence));
    },
  };
}

/** Memory of a process that its kernel holds for it, in MB. */
export async function residentMb(pid: number): Promise<number> {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;
}
