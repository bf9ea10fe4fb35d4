/** A broken promise, by the number that the design gives it. */
export class Violation extends Error {
  /** Such as `S3`. */
  readonly promise: string;

  constructor(promise: string, message: string) {
    super(`${promise}: ${message}`);
    this.name = "Violation";
    this.promise = promise;
  }
}

export function ensure(holds: boolean, promise: string, message: () => string): void {
  if (!holds) throw new Violation(promise, message());
}
