import { Controller, Get, Header, Param, Res } from '@nestjs/common';
import { getDistDirectory, renderAltair } from 'altair-static';
import type { FastifyReply } from 'fastify';
import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';
import { Public } from '#host';
import { DomainError } from '#kernel';

const TYPES: Record<string, string> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.html': 'text/html',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.woff': 'font/woff',
  '.ttf': 'font/ttf',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.map': 'application/json',
};

/** A GraphQL IDE (Altair) from its package, at the root: nothing is fetched from elsewhere. It asks for a token like any client. */
@Public()
@Controller()
export class IdeController {
  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  page(): string {
    const html = renderAltair({
      baseURL: '/ide/',
      endpointURL: '/graphql',
      subscriptionsEndpoint: '/graphql',
      initialHeaders: { Authorization: 'Bearer PASTE-YOUR-TOKEN' },
      initialQuery:
        '# A token goes into the headers (left bar). docs/graphql.md has queries to begin with.\n{\n  me { name }\n  datasets(first: 5) { edges { node { name newestVersion { number state } } } }\n}\n',
    });
    return html;
  }

  @Get('ide/*')
  async file(@Param('*') path: string, @Res() reply: FastifyReply) {
    const root = getDistDirectory();
    const file = normalize(join(root, path));
    const exists =
      file.startsWith(root + sep) &&
      (await access(file).then(
        () => true,
        () => false,
      ));
    if (!exists) throw new DomainError('NOT_FOUND', 'there is no such file');
    await reply
      .header('content-type', TYPES[extname(file)] ?? 'application/octet-stream')
      .header('cache-control', 'public, max-age=86400')
      .send(createReadStream(file));
  }
}
