import { randomInt } from 'node:crypto';

const FIRST =
  'amber brave calm clever copper crisp dapper eager fair fleet gentle golden grand hardy jolly keen lively lucky merry mellow nimble noble proud quick quiet rapid serene sleek smart steady swift vivid'.split(
    ' ',
  );
const SECOND =
  'alder badger beaver birch brook canyon cedar crane delta dipper falcon fern finch grebe heron ibis kestrel lark marsh mink otter perch plover rapid reed ridge salmon stork swan tern trout willow'.split(
    ' ',
  );

/** A name for a run that was given none: easy to say and to tell apart. */
export function randomRunName(): string {
  return `${FIRST[randomInt(FIRST.length)]}-${SECOND[randomInt(SECOND.length)]}-${randomInt(1000)}`;
}
