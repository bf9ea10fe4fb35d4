/** What comes of a run that somebody asked for. */

/** `known`: the request was answered before, with these bytes. */
export type RunMade =
  | { readonly kind: "born"; readonly runKey: number }
  | { readonly kind: "known"; readonly answer: Uint8Array }
  | { readonly kind: "date_taken" };

/** What whoever asked for a run gets when the answer was lost. Others that failed were not made. */
export class RunInDoubt extends Error {
  /** What came of it, once that is known: it is in its DAG's line then. Rejects when it will never be there. */
  readonly known: Promise<RunMade>;

  constructor(known: Promise<RunMade>, cause: unknown) {
    super(`Nobody knows yet whether the run was made; ask again: ${String(cause)}`, { cause });
    this.name = "RunInDoubt";
    this.known = known;
    // Whoever is asked again by somebody else does not wait for it.
    known.catch(() => undefined);
  }
}

/** What came of a run, also when it is in doubt for a while: for those whom nobody asks again. */
export async function untilKnown(making: Promise<RunMade>): Promise<RunMade> {
  try {
    return await making;
  } catch (error) {
    if (error instanceof RunInDoubt) return error.known;
    throw error;
  }
}

/** Why those of them were not made, or are in doubt. */
export function failuresOf(made: readonly PromiseSettledResult<RunMade>[]): unknown[] {
  return made.flatMap((one): unknown[] => (one.status === "rejected" ? [one.reason] : []));
}

/** Resolves once nothing is in doubt any more of what failed so. */
export async function untilSettled(failures: readonly unknown[]): Promise<void> {
  const doubts = failures.filter((error) => error instanceof RunInDoubt);
  await Promise.allSettled(doubts.map(({ known }) => known));
}
