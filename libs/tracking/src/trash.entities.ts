import { Entity, PrimaryColumn } from 'typeorm';

/** A run that was purged, by its number, until its points are gone too: they go in pieces, since there may be millions. */
@Entity('purged_run')
export class PurgedRunEntity {
  @PrimaryColumn('int') run!: number;
}
