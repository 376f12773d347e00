import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { mergeMap, type Observable } from 'rxjs';
import { causeOf } from '../graphql/payload.js';
import { attemptedIn } from './attempted.js';
import { Refusals } from './refusals.js';

/** Refusals that a mutation answers in its payload, where the exception filter does not see them. */
@Injectable()
export class RefusalInterceptor implements NestInterceptor {
  constructor(private readonly refusals: Refusals) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      mergeMap(async (result: unknown) => {
        const error = causeOf(result);
        if (error) await this.refusals.note(error, attemptedIn(context));
        return result;
      }),
    );
  }
}
