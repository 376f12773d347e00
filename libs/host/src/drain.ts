import { Injectable } from '@nestjs/common';

/**
 * What must end while the process still answers requests: Apollo closes the HTTP server first of all when Nest shuts down, but attempts of this
 * machine hand over their last checkpoint by HTTP.
 */
@Injectable()
export class Drain {
  private readonly steps: (() => Promise<void>)[] = [];

  add(step: () => Promise<void>): void {
    this.steps.push(step);
  }

  async run(): Promise<void> {
    await Promise.all(this.steps.map((step) => step()));
  }
}
