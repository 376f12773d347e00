import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Ctx, Permission } from '#access';
import { readMessage, type Message, type Shape } from './message.js';

/** A request that is allowed and understood. */
export interface Call<M> {
  readonly ctx: Ctx;
  readonly input: M;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

type Version = '2.0' | '3.0';
type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';

export interface Route {
  /** Name of the call in MLflow's protocol. */
  readonly rpc: string;
  readonly methods: readonly Method[];
  /** Below `/api/<version>` and `/ajax-api/<version>`; or, when it begins with `//`, from the root. */
  readonly path: string;
  readonly version: Version;
  /** Who may call it at all; the domain checks the rights on what the call names. */
  readonly access: Permission | 'public';
  /** The body is a file and is streamed. */
  readonly streams: boolean;
  /** Reads the raw message and answers: an object is sent as JSON, RawJson as it is, undefined when the handler has replied itself. */
  handle(raw: Record<string, unknown>, call: Omit<Call<never>, 'input'>): Promise<unknown>;
  /** Names of fields that are lists, for query strings. */
  readonly repeated: ReadonlySet<string>;
}

export interface RouteSpec<S extends Shape> {
  readonly rpc: string;
  readonly on: `${Method} ${string}` | readonly `${Method} ${string}`[];
  readonly version?: Version;
  readonly access: Permission | 'public';
  readonly input?: S;
  readonly streams?: boolean;
  run(call: Call<Message<S>>): unknown;
}

/** A route, or several for an RPC that has more than one address. */
export function route<S extends Shape>(spec: RouteSpec<S>): Route[] {
  const shape = spec.input ?? ({} as S);
  const addresses = ([spec.on].flat() as string[]).map((address) => address.split(' ') as [Method, string]);
  const paths = Map.groupBy(addresses, ([, path]) => path);
  return [...paths].map(([path, group]) => ({
    rpc: spec.rpc,
    methods: group.map(([method]) => method),
    path,
    version: spec.version ?? '2.0',
    access: spec.access,
    streams: spec.streams ?? false,
    repeated: new Set(Object.keys(shape).filter((name) => shape[name]!.repeated)),
    handle: async (raw, call) => spec.run({ ...call, input: readMessage(shape, raw) }),
  }));
}
