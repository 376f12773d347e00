import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '#database';
import { EventLog } from '#messaging';
import { DeliveryClaimsStore, type ClaimedDelivery } from './delivery-claims.store.js';
import type { Parcel } from './http/send-webhook.js';
import { cloudEvent } from './model/cloud-event.js';
import { LineageBodies } from './openlineage/lineage-bodies.js';

/** What is sent for deliveries: the same bytes in every try and every replay. */
@Injectable()
export class ParcelsService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly claims: DeliveryClaimsStore,
    private readonly log: EventLog,
    private readonly lineage: LineageBodies,
  ) {}

  /**
   * A delivery's body, or one made of the event as the log has it; or why nothing can be sent any more. In OpenLineage's form the body says what is known
   * besides, which may change: it is kept before it is sent. `publicUrl`: where this installation is reached from outside.
   */
  async of(claimed: ClaimedDelivery, publicUrl: string): Promise<Parcel | { readonly lost: string }> {
    const { id, form, url, secrets, bearer, eventId } = claimed;
    // In our forms the receiver knows the event again, in whichever delivery it comes.
    const parcel = { form, id: form === 'mlflow' ? id : eventId, url, secrets, bearer };
    if (claimed.payload !== null) return { ...parcel, payload: claimed.payload };
    const event = await this.log.find(eventId);
    if (!event) return { lost: 'the log does not hold its event any more' };
    if (form !== 'openlineage') return { ...parcel, payload: JSON.stringify(cloudEvent(event, publicUrl)) };
    const payload = await this.lineage.bodyOf(event, publicUrl);
    if (payload === undefined) return { lost: 'what its event tells of is gone for good' };
    const kept = await this.unitOfWork.run({}, (tx) => this.claims.keep(tx, claimed, payload));
    return kept ? { ...parcel, payload } : { lost: 'another sends it' };
  }
}
