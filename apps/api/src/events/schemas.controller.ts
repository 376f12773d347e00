import { Controller, Get, Header, Param } from '@nestjs/common';
import { z } from 'zod';
import { EVENTS, eventName } from '#contracts';
import { Public } from '#host';
import { DomainError } from '#kernel';

/** The JSON Schema (draft 2020-12) of the data of each event, as `dataschema` of what is sent names it. Anybody may read them: they are in the source. */
@Public()
@Controller('schemas')
export class SchemasController {
  @Get(':name/1.json')
  @Header('content-type', 'application/schema+json')
  @Header('cache-control', 'public, max-age=86400')
  schema(@Param('name') text: string): string {
    const name = eventName(text);
    if (name !== text) throw new DomainError('NOT_FOUND', `there is no event ${text.slice(0, 100)}`, 'name');
    return JSON.stringify(z.toJSONSchema(EVENTS[name]));
  }
}
