"use client";
import { TaskState } from "@millrace/wire/v1";
import type { Change, ChangeOptions } from "../../lib/changes.ts";
import { taskFace } from "../../lib/states.ts";
import { StateGlyph } from "../state-glyph.tsx";

type Props = {
  readonly change: Change;
  readonly options: ChangeOptions;
  readonly onChange: (options: ChangeOptions) => void;
};

const outcomes = [TaskState.SUCCESS, TaskState.FAILED, TaskState.SKIPPED] as const;

/** How far a change goes. What cannot be chosen says why. */
export function ChangeOptionsFields({ change, options, onChange }: Props) {
  const { targets } = change;
  const isWhole = targets.every((target) => target.keys.length === 0);
  const runsProblem =
    targets.length > 1
      ? "Several runs are chosen already"
      : targets.every((target) => target.hasLogicalDate)
        ? ""
        : "This run has no logical date";
  const graphProblem = isWhole ? "The whole run is chosen already" : "";
  const box = (name: BoxName, label: string, hint: string, problem = "") => (
    <Box
      label={label}
      hint={problem === "" ? hint : problem}
      isChecked={options[name] && problem === ""}
      isDisabled={problem !== ""}
      onChange={(isChecked) => onChange({ ...options, [name]: isChecked })}
    />
  );
  return (
    <div className="space-y-3 px-5 py-3.5">
      {change.kind === "mark" && (
        <fieldset className="flex flex-wrap items-center gap-1.5">
          <legend className="float-left mr-2 font-medium">As</legend>
          {outcomes.map((state) => {
            const face = taskFace(state);
            return (
              <label
                key={state}
                className="inline-flex h-7 items-center gap-1.5 rounded-control border border-line px-2.5 hover:bg-hover has-checked:border-accent has-checked:bg-selected has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent"
              >
                <input
                  type="radio"
                  name="outcome"
                  checked={options.state === state}
                  onChange={() => onChange({ ...options, state })}
                  className="sr-only"
                />
                <StateGlyph look={face.look} size={15} />
                {face.label}
              </label>
            );
          })}
        </fieldset>
      )}
      <fieldset className="grid grid-cols-1 gap-x-6 gap-y-1.5 sm:grid-cols-2">
        <legend className="sr-only">How far it goes</legend>
        {box("upstream", "Upstream", "And every task before", graphProblem)}
        {box("past", "Past", "The same in runs of earlier dates", runsProblem)}
        {box("downstream", "Downstream", "And every task after", graphProblem)}
        {box("future", "Future", "The same in runs of later dates", runsProblem)}
        {box("onlyFailed", "Only failed", "Of these, what failed or could not run")}
      </fieldset>
    </div>
  );
}

type BoxName = "upstream" | "downstream" | "past" | "future" | "onlyFailed";

type BoxProps = {
  readonly label: string;
  readonly hint: string;
  readonly isChecked: boolean;
  readonly isDisabled: boolean;
  readonly onChange: (isChecked: boolean) => void;
};

function Box({ label, hint, isChecked, isDisabled, onChange }: BoxProps) {
  const id = `change-${label.toLowerCase().replace(" ", "-")}`;
  return (
    <div className="flex items-start gap-2">
      <input
        id={id}
        type="checkbox"
        checked={isChecked}
        disabled={isDisabled}
        aria-describedby={`${id}-hint`}
        onChange={(event) => onChange(event.target.checked)}
        className="mt-[3px] size-3.5 accent-(--accent)"
      />
      <div>
        <label htmlFor={id} className={isDisabled ? "text-muted" : "font-medium"}>
          {label}
        </label>
        <p id={`${id}-hint`} className="text-dense text-muted">
          {hint}
        </p>
      </div>
    </div>
  );
}
