import { TaskState } from "@millrace/wire/v1";
import type { Attempt } from "@millrace/wire/v1";
import { StateGlyph } from "../../../../../components/state-glyph.tsx";
import { attemptFace } from "../../../../../lib/states.ts";

/** So many are buttons, the newest; the rest is in a list. */
const buttonsMax = 6;

type Props = {
  /** Those that are known; a sensor's looks are one, under the number of the last. Oldest first. */
  readonly attempts: readonly Attempt[];
  readonly newest: number;
  readonly shown: number;
  readonly onChoose: (tryNumber: number) => void;
};

/** Which attempt's log is shown. Each has a log of its own, the looks of a sensor too. */
export function AttemptChoice({ attempts, newest, shown, onChoose }: Props) {
  const known = new Map(attempts.map((attempt) => [attempt.tryNumber, attempt]));
  const numbers = Array.from({ length: newest }, (_, ix) => ix + 1);
  const buttons = numbers.slice(-buttonsMax);
  const listed = numbers.slice(0, -buttonsMax);
  return (
    <div role="group" aria-label="Attempt" className="flex flex-wrap gap-1 px-3 pt-2">
      {listed.length > 0 && (
        <select
          aria-label="Earlier attempts"
          value={listed.includes(shown) ? shown : ""}
          onChange={(event) => onChoose(Number(event.target.value))}
          className="h-6 rounded-control border border-line bg-bg px-1 text-dense"
        >
          <option value="" disabled>
            Earlier
          </option>
          {listed.map((number) => (
            <option key={number} value={number}>
              Attempt {number}
              {wordOf(known.get(number))}
            </option>
          ))}
        </select>
      )}
      {buttons.map((number) => {
        const attempt = known.get(number);
        return (
          <button
            key={number}
            type="button"
            aria-pressed={number === shown}
            onClick={() => onChoose(number)}
            className="ghost-transition inline-flex h-6 items-center gap-1 rounded-control border border-line px-1.5 text-dense hover:bg-hover aria-pressed:border-accent aria-pressed:bg-selected"
          >
            {attempt !== undefined && <StateGlyph look={attemptFace(attempt).look} size={13} />}
            Attempt {number}
            {attempt !== undefined && attempt.state !== TaskState.RUNNING && (
              <span className="sr-only">{wordOf(attempt)}</span>
            )}
          </button>
        );
      })}
    </div>
  );
}

function wordOf(attempt: Attempt | undefined): string {
  return attempt === undefined ? "" : `, ${attemptFace(attempt).label}`;
}
