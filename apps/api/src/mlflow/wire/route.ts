import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Ctx, Permission } from '#access';
import { readMessage, type Message, type Shape } from './message.js';

/** A request, and where its answer goes. */
interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** A request that is allowed and understood. */
export interface Call<M> extends Exchange {
  readonly ctx: Ctx;
  readonly input: M;
}

type Version = '2.0' | '3.0';
type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';

interface Address {
  /** Name of the call in MLflow's protocol. */
  readonly rpc: string;
  readonly methods: readonly Method[];
  /** Below `/api/<version>` and `/ajax-api/<version>`; or, when it begins with `//`, from the root. */
  readonly path: string;
  readonly version: Version;
  /** The body is a file and is streamed. */
  readonly streams: boolean;
  /** Names of fields that are lists, for query strings. */
  readonly repeated: ReadonlySet<string>;
}

/** A route for who has a permission; the domain checks the rights on what the call names. */
export interface GuardedRoute extends Address {
  readonly access: Permission;
  /** Reads the raw message and answers: an object is sent as JSON, RawJson as it is, undefined when the handler has replied itself. */
  handle(raw: Record<string, unknown>, call: Exchange & { readonly ctx: Ctx }): Promise<unknown>;
}

/** A route for everybody, which knows of nobody. */
export interface PublicRoute extends Address {
  readonly access: 'public';
  handle(exchange: Exchange): Promise<unknown>;
}

export type Route = GuardedRoute | PublicRoute;

export interface RouteSpec<S extends Shape> {
  readonly rpc: string;
  readonly on: `${Method} ${string}` | readonly `${Method} ${string}`[];
  readonly version?: Version;
  readonly access: Permission;
  readonly input?: S;
  readonly streams?: boolean;
  run(call: Call<Message<S>>): unknown;
}

export interface PublicRouteSpec extends Pick<RouteSpec<Shape>, 'rpc' | 'on' | 'version' | 'streams'> {
  readonly access: 'public';
  run(exchange: Exchange): unknown;
}

/** A route, or several for an RPC that has more than one address. */
export function route<S extends Shape>(spec: RouteSpec<S> | PublicRouteSpec): Route[] {
  const addresses = addressesOf(spec, 'input' in spec ? spec.input : undefined);
  if (spec.access === 'public')
    return addresses.map((address) => ({ ...address, access: 'public', handle: async (exchange) => spec.run(exchange) }));
  const shape = spec.input ?? ({} as S);
  return addresses.map((address) => ({
    ...address,
    access: spec.access,
    handle: async (raw, call) => spec.run({ ...call, input: readMessage(shape, raw) }),
  }));
}

function addressesOf(
  { rpc, on, version = '2.0', ...spec }: Pick<RouteSpec<Shape>, 'rpc' | 'on' | 'version' | 'streams'>,
  shape: Shape = {},
): Address[] {
  const split = ([on].flat() as string[]).map((address) => address.split(' ') as [Method, string]);
  return [...Map.groupBy(split, ([, path]) => path)].map(([path, group]) => ({
    rpc,
    methods: group.map(([method]) => method),
    path,
    version,
    streams: spec.streams ?? false,
    repeated: new Set(Object.keys(shape).filter((name) => shape[name]!.repeated)),
  }));
}
