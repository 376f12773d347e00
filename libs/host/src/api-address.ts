import { Injectable } from '@nestjs/common';

/** Where attempts and inference nodes of this machine find the API. In `platform` it is known only when the port is. */
@Injectable()
export class ApiAddress {
  url: string | undefined;
}
