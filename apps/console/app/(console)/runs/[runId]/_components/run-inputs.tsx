"use client";
import { useQuery } from "@connectrpc/connect-query";
import { CircleCheck, CircleDashed, Hourglass } from "lucide-react";
import { DagRunService, InputSetState, RunInputsState, RunState } from "@millrace/wire/v1";
import type { DagRun, InputSet, NamedInstances } from "@millrace/wire/v1";
import { Unanswered } from "../../../../../components/faces.tsx";
import { Countdown, Time } from "../../../../../components/time.tsx";
import { msOf } from "../../../../../lib/format.ts";

/** Events of other DAGs change them. */
const refreshMs = 5_000;
/** Partition keys that are written out of each name. */
const keysMax = 24;

type Props = { readonly run: DagRun };

/** What the run waits for of its DAG's inputs, or what it was given. */
export function RunInputs({ run }: Props) {
  const isQueued = run.state === RunState.QUEUED;
  const query = useQuery(
    DagRunService.method.getDagRunInputs,
    { runId: run.runId },
    {
      // Once more after the run has started: only then is it known what it was given.
      refetchInterval: ({ state }) =>
        isQueued || state.data?.state === RunInputsState.WAITING ? refreshMs : false,
      staleTime: 0,
    },
  );
  const answer = query.data;
  if (answer?.state === RunInputsState.NONE) return null;
  return (
    <section aria-labelledby="input-data" className="border-b border-line px-4 py-3 md:px-6">
      <h2 id="input-data" className="font-medium">
        Input data
      </h2>
      {answer === undefined ? (
        <Unanswered query={query} what="The inputs could not be read" rows={2} />
      ) : (
        <>
          {answer.state === RunInputsState.ENDED && (
            <p className="mt-2 text-muted">The run ended without them.</p>
          )}
          <ul className="mt-2 space-y-2" data-testid="inputs">
            {answer.sets.map((set, n) => (
              <SetItem key={`${n}/${set.name}`} set={set} />
            ))}
            {answer.given.map((given) => (
              <GivenItem key={given.name} given={given} />
            ))}
          </ul>
          <Timeout at={msOf(answer.timesOutAt)} />
        </>
      )}
    </section>
  );
}

function Timeout({ at }: { readonly at: number | null }) {
  if (at === null) return null;
  return (
    <p className="mt-2 text-muted">
      Without them the run fails <Time at={at} isAbsolute />, <Countdown at={at} />.
    </p>
  );
}

const there = { word: "There", Icon: CircleCheck, color: "text-(--state-success)" };
const waiting = { word: "Enough", Icon: Hourglass, color: "text-warn" };
const lacking = { word: "Missing", Icon: CircleDashed, color: "text-muted" };

function faceOf(state: InputSetState) {
  if (state === InputSetState.THERE) return there;
  return state === InputSetState.WAITING ? waiting : lacking;
}

function SetItem({ set }: { readonly set: InputSet }) {
  const { word, Icon, color } = faceOf(set.state);
  return (
    <li className="flex gap-2" data-input={word}>
      <Icon size={16} aria-hidden className={`mt-0.5 shrink-0 ${color}`} />
      <p className="min-w-0 break-words">
        <span className={`font-medium ${color}`}>{word}</span>
        {" · "}
        {set.message}
      </p>
    </li>
  );
}

function GivenItem({ given: { name, instances } }: { readonly given: NamedInstances }) {
  const keys = instances.slice(0, keysMax);
  const more = instances.length - keys.length;
  return (
    <li className="min-w-0 break-words" data-input="Given">
      <span className="font-medium">{name}</span>
      {": "}
      {instances.length === 0
        ? "none"
        : `${instances.length} ${instances.length === 1 ? "instance" : "instances"}`}{" "}
      <span className="font-mono text-dense text-muted">
        {keys.map(({ partitionKey }) => partitionKey).join(" ")}
        {more > 0 && ` and ${more} more`}
      </span>
    </li>
  );
}
