import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { DiscoveryModule, NestFactory } from '@nestjs/core';
import { Mutation, Query, Resolver } from '@nestjs/graphql';
import { describe, expect, test } from 'vitest';
import { ERROR_CODES } from '#kernel';
import { Public, Requires } from '#host';
import { AccessProof } from './boot-proof.js';
import { ERROR_TABLE } from './error-table.js';

@Controller('declared')
class DeclaredController {
  @Get()
  @Requires('dataset.read')
  list(): string {
    return 'fine';
  }
}

@Public()
@Controller('public')
class PublicController {
  @Get()
  list(): string {
    return 'fine';
  }
}

@Controller('open')
class OpenController {
  @Get()
  list(): string {
    return 'nobody said who may call this';
  }
}

@Resolver()
class OpenResolver {
  @Query(() => String)
  @Public()
  fine(): string {
    return 'fine';
  }

  @Mutation(() => String)
  forgotten(): string {
    return 'nobody said who may call this';
  }
}

async function boot(metadata: { controllers?: (new () => object)[]; providers?: (new () => object)[] }): Promise<void> {
  @Module({
    imports: [DiscoveryModule],
    controllers: metadata.controllers ?? [],
    providers: [...(metadata.providers ?? []), AccessProof],
  })
  class Root {}
  const app = await NestFactory.createApplicationContext(Root, { logger: false, abortOnError: false });
  await app.close();
}

describe('access rules at boot', () => {
  test('an app whose routes all say who may call them starts', async () => {
    await expect(boot({ controllers: [DeclaredController, PublicController] })).resolves.toBeUndefined();
  });

  test('a route that does not say so keeps the app from starting, and the message names it and the mend', async () => {
    await expect(boot({ controllers: [DeclaredController, OpenController] })).rejects.toThrow(
      /no access rule is declared for OpenController\.list; add @Requires/,
    );
  });

  test('so does a mutation', async () => {
    await expect(boot({ providers: [OpenResolver] })).rejects.toThrow(/OpenResolver\.forgotten/);
  });
});

test('every error code has its line in the table of the edges', () => {
  expect(Object.keys(ERROR_TABLE).sort()).toEqual([...ERROR_CODES].sort());
});
