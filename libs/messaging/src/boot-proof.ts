import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { SUBSCRIBERS, type SubscriberName } from '#contracts';
import { SUBSCRIBER_METADATA } from './subscriber.js';

/** Refuses to start when an app lacks the processor of one of its subscribers, or has two. Apps are told by the processors that they hold. */
@Injectable()
export class SubscriberProof implements OnApplicationBootstrap {
  constructor(private readonly discovery: DiscoveryService) {}

  onApplicationBootstrap(): void {
    const found = this.discovery
      .getProviders()
      .map(
        (wrapper) =>
          wrapper.metatype && (Reflect.getMetadata(SUBSCRIBER_METADATA, wrapper.metatype) as SubscriberName | undefined),
      )
      .filter((name): name is SubscriberName => Boolean(name));
    proveSubscribers(found);
  }
}

/** Throws an Error that names the missing or doubled processor and the mend. */
export function proveSubscribers(found: readonly SubscriberName[]): void {
  const twice = found.find((name, index) => found.indexOf(name) !== index);
  if (twice) throw new Error(`subscriber ${twice} has two processors; remove one of the classes marked @Subscriber('${twice}')`);
  const apps = new Set(found.map((name) => SUBSCRIBERS[name].app));
  for (const [name, { app }] of Object.entries(SUBSCRIBERS))
    if (apps.has(app) && !found.includes(name as SubscriberName))
      throw new Error(
        `subscriber ${name} has no processor; add a class marked @Subscriber('${name}') to the providers of apps/${app}`,
      );
}
