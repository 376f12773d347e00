import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { RESOLVER_NAME_METADATA, RESOLVER_TYPE_METADATA } from '@nestjs/graphql';
import { ACCESS_METADATA } from '#host';

const ROOTS = new Set(['Query', 'Mutation', 'Subscription']);

/** Refuses to start when a route or a root resolver does not declare who may call it. */
@Injectable()
export class AccessProof implements OnApplicationBootstrap {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
  ) {}

  onApplicationBootstrap(): void {
    const open = [...this.discovery.getControllers(), ...this.discovery.getProviders()]
      .filter((wrapper) => wrapper.metatype && wrapper.instance)
      .flatMap((wrapper) => this.undeclared(wrapper.metatype as new () => object));
    if (open.length)
      throw new Error(`no access rule is declared for ${open.join(', ')}; add @Requires('…'), @AttemptOnly() or @Public()`);
  }

  private undeclared(type: new () => object): string[] {
    const prototype = type.prototype as Record<string, object> | undefined;
    if (!prototype) return [];
    return this.scanner
      .getAllMethodNames(prototype)
      .filter(
        (name) =>
          isEdge(prototype[name]!) && !this.reflector.getAllAndOverride(ACCESS_METADATA, [prototype[name] as never, type]),
      )
      .map((name) => `${type.name}.${name}`);
  }
}

function isEdge(method: object): boolean {
  if (Reflect.hasMetadata(PATH_METADATA, method)) return true;
  return (
    Reflect.hasMetadata(RESOLVER_NAME_METADATA, method) &&
    ROOTS.has(Reflect.getMetadata(RESOLVER_TYPE_METADATA, method) as string)
  );
}
