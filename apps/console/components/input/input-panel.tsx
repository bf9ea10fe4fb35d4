"use client";
import { useState } from "react";
import { InputState } from "@millrace/wire/v1";
import type { InputRequest } from "@millrace/wire/v1";
import { decodeValue } from "../../lib/codec.ts";
import { msOf } from "../../lib/format.ts";
import { inputFace, inputKeyText, mayAnswer, timeoutAnswerer } from "../../lib/input-requests.ts";
import { LazyMarkdown } from "../lazy-markdown.tsx";
import { StateBadge } from "../state-glyph.tsx";
import { Countdown, Time } from "../time.tsx";
import { ValueTree } from "../value-tree.tsx";
import { AnswerForm } from "./answer-form.tsx";
import { useCaller } from "./use-input-requests.ts";

type Props = {
  readonly request: InputRequest;
  /** What the task asked before, newest first. */
  readonly earlier: readonly InputRequest[];
};

/** What a person is asked: about what, until when, and the form; once it is over, who said what. */
export function InputPanel({ request, earlier }: Props) {
  const caller = useCaller();
  const { form, state } = request;
  const assignees = form?.assignees ?? [];
  const isMine = caller === null || mayAnswer(assignees, caller);
  const [wasOpen] = useState(state === InputState.OPEN);
  const [isTyped, setTyped] = useState(false);
  const [isSent, setSent] = useState(false);
  const isOvertaken = wasOpen && isTyped && !isSent && state !== InputState.OPEN;
  return (
    <div className="space-y-5" data-testid="input" data-look={inputFace(state).look}>
      <header className="space-y-1.5">
        <h3 className="text-section font-semibold break-words">{form?.subject}</h3>
        <div className="flex flex-wrap items-center gap-x-4 gap-y-1 text-dense text-muted">
          <StateBadge face={inputFace(state)} size={16} />
          <span>
            Asked <Time at={msOf(request.askedAt)} />
          </span>
          <Deadline request={request} />
          <span>
            {assignees.length === 0
              ? "Whoever may trigger the DAG may answer"
              : `For ${assignees.join(", ")}`}
          </span>
        </div>
      </header>
      {form !== undefined && form.body !== "" && <LazyMarkdown text={form.body} />}
      {isOvertaken && (
        <p role="alert" className="rounded-control border border-warn/50 bg-warn/5 px-3 py-2">
          {overtakenWords(request)} What you typed was not sent.
        </p>
      )}
      {state === InputState.OPEN && !isMine && (
        <p role="note" className="rounded-control border border-line bg-surface px-3 py-2">
          Only {assignees.join(" or ")} may answer; you are {caller}.
        </p>
      )}
      {state === InputState.OPEN ? (
        <AnswerForm
          key={inputKeyText(request)}
          request={request}
          isReadOnly={!isMine}
          onType={() => setTyped(true)}
          onSend={() => {
            setTyped(true);
            setSent(true);
          }}
          onRefused={() => setSent(false)}
        />
      ) : (
        <Outcome request={request} />
      )}
      {earlier.length > 0 && <Earlier requests={earlier} />}
    </div>
  );
}

function Deadline({ request }: { readonly request: InputRequest }) {
  const timeoutAt = msOf(request.timeoutAt);
  if (timeoutAt === null || request.state !== InputState.OPEN) return null;
  const hasDefaults = request.form?.defaults !== undefined;
  return (
    <span>
      Given up <Countdown at={timeoutAt} />
      {hasDefaults && ", then the defaults are taken"}
    </span>
  );
}

function overtakenWords({ state, answeredBy }: InputRequest): string {
  if (state === InputState.TIMED_OUT) return "The time was over while you were typing.";
  if (state !== InputState.ANSWERED) return "Nothing is asked any more.";
  return answeredBy === timeoutAnswerer
    ? "The time was over, and the defaults were taken."
    : `${answeredBy} answered it before you.`;
}

/** What has come of a request that is closed. */
function Outcome({ request }: { readonly request: InputRequest }) {
  const { state, answeredBy } = request;
  const data = request.answer?.data;
  const when = <Time at={msOf(request.endedAt)} />;
  if (state !== InputState.ANSWERED) {
    return (
      <p role="status">
        {state === InputState.TIMED_OUT
          ? "Nobody answered in time: "
          : "Nothing is asked any more; the task was cleared, marked, or its run ended: "}
        {when}
      </p>
    );
  }
  return (
    <section aria-label="Answer" className="space-y-2">
      <p role="status">
        {answeredBy === timeoutAnswerer ? (
          <>Nobody answered in time, so the defaults were taken {when}</>
        ) : (
          <>
            Answered by <span className="font-medium">{answeredBy}</span> {when}
          </>
        )}
      </p>
      {data !== undefined && (
        <div className="overflow-x-auto rounded-control border border-line bg-surface p-3">
          <ValueTree node={decodeValue(data)} />
        </div>
      )}
    </section>
  );
}

function Earlier({ requests }: { readonly requests: readonly InputRequest[] }) {
  return (
    <section className="space-y-2 border-t border-line pt-4">
      <h4 className="text-dense font-medium text-muted">Asked before</h4>
      <ol className="space-y-2">
        {requests.map((request) => (
          <li key={request.tryNumber} className="space-y-2 rounded-panel border border-line p-3">
            <div className="flex flex-wrap items-center gap-x-3 text-dense text-muted">
              <span>Attempt {request.tryNumber}</span>
              <StateBadge face={inputFace(request.state)} size={15} />
              <span>
                asked <Time at={msOf(request.askedAt)} />
              </span>
            </div>
            <Outcome request={request} />
          </li>
        ))}
      </ol>
    </section>
  );
}
