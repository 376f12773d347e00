import { Inject, Injectable } from '@nestjs/common';
import type { Ctx } from '#access';
import { GuardedClient, sendWebhook, WebhooksService, type MlflowEvent, type Outcome } from '#automation';
import type { Config } from '#config';
import { CONFIG } from '#host';

/** Where webhooks of this installation may go, and examples that are sent there at once; for every edge that has webhooks. */
@Injectable()
export class WebhookSender {
  private readonly client: GuardedClient;

  constructor(
    private readonly service: WebhooksService,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    this.client = new GuardedClient(config.webhooks.allow);
  }

  get rules() {
    return this.client.rules;
  }

  /** Sends an example outside any transaction: in MLflow's form of `event`, else of the webhook's first. Throws NOT_FOUND. */
  async test(ctx: Ctx, id: string, event?: MlflowEvent): Promise<Outcome> {
    return sendWebhook(this.client, await this.service.example(ctx, id, this.config.http.publicUrl, event));
  }
}
