/** A call to the outside that did not arrive. `mayPass`: another try may help. */
export class OutsideFailure extends Error {
  constructor(
    message: string,
    readonly mayPass: boolean,
  ) {
    super(message);
  }
}
