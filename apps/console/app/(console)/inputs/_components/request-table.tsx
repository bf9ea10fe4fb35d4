"use client";
import type { KeyboardEvent, MouseEvent } from "react";
import { InputState } from "@millrace/wire/v1";
import type { InputRequest } from "@millrace/wire/v1";
import { StateBadge } from "../../../../components/state-glyph.tsx";
import { Countdown, Time } from "../../../../components/time.tsx";
import { msOf } from "../../../../lib/format.ts";
import { inputFace, inputKeyText, timeoutAnswerer } from "../../../../lib/input-requests.ts";

type Props = {
  readonly requests: readonly InputRequest[];
  /** Of the page before: this one is on its way. */
  readonly isOld: boolean;
  readonly selected: string | null;
  readonly onSelect: (key: string) => void;
};

const head = "px-3 py-2 text-left text-label font-medium text-muted";
const cell = "px-3 py-2 align-top";

/** Questions; a click, or Enter, opens one; j and k, or arrows, go from one to the next. */
export function RequestTable({ requests, isOld, selected, onSelect }: Props) {
  const isClosed = requests.every(({ state }) => state !== InputState.OPEN);
  const move = (event: KeyboardEvent<HTMLElement>) => {
    const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
    // Those of the other tables on the page are next to these.
    const page = event.currentTarget.closest("main");
    const links = [...(page?.querySelectorAll<HTMLElement>("[data-open]") ?? [])];
    const at = links.findIndex((link) => link === document.activeElement);
    const next = step === undefined ? undefined : links[at + step];
    if (next === undefined) return;
    event.preventDefault();
    next.focus();
  };
  return (
    <table className={`w-full table-fixed border-collapse ${isOld ? "opacity-50" : ""}`}>
      <thead className="hidden @lg:table-header-group">
        <tr className="border-b border-line bg-surface">
          <th className={`${head} w-32`}>State</th>
          <th className={head}>Question</th>
          <th className={`${head} hidden w-44 @4xl:table-cell`}>Who</th>
          <th className={`${head} w-28`}>Asked</th>
          <th className={`${head} hidden w-32 @2xl:table-cell`}>{isClosed ? "Closed" : "Until"}</th>
        </tr>
      </thead>
      <tbody onKeyDown={move} className="divide-y divide-line">
        {requests.map((request) => {
          const key = inputKeyText(request);
          const isSelected = key === selected;
          return (
            <tr
              key={key}
              data-request={key}
              onClick={() => onSelect(key)}
              className={`grid cursor-pointer hover:bg-hover @lg:table-row ${isSelected ? "bg-selected" : ""}`}
            >
              <td className={`${cell} order-2 pt-0 @lg:pt-2`}>
                <StateBadge face={inputFace(request.state)} size={16} />
                <span className="ml-3 text-dense text-muted @lg:hidden">
                  <Time at={msOf(request.askedAt)} />
                </span>
              </td>
              <td className={`${cell} min-w-0 pb-1 @lg:pb-2`}>
                <Subject request={request} link={key} isSelected={isSelected} onSelect={onSelect} />
              </td>
              <td className={`${cell} hidden break-words text-muted @4xl:table-cell`}>
                {whoWords(request)}
              </td>
              <td className={`${cell} hidden text-muted @lg:table-cell`}>
                <Time at={msOf(request.askedAt)} />
              </td>
              <td className={`${cell} hidden text-muted @2xl:table-cell`}>
                <Until request={request} />
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

type SubjectProps = {
  readonly request: InputRequest;
  readonly link: string;
  readonly isSelected: boolean;
  readonly onSelect: (key: string) => void;
};

/** A link, so that a question can be opened in a tab of its own, and sent to somebody. */
function Subject({ request, link, isSelected, onSelect }: SubjectProps) {
  const { dagId, taskId, mapIndex, runName } = request;
  const press = (event: MouseEvent) => {
    // The row is the pointer's target too.
    event.stopPropagation();
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    onSelect(link);
  };
  return (
    <>
      <a
        data-open
        href={`/inputs?ask=${encodeURIComponent(link)}`}
        aria-current={isSelected ? "true" : undefined}
        onClick={press}
        className={`font-medium break-words hover:text-accent hover:underline ${isSelected ? "text-accent" : ""}`}
      >
        {request.form?.subject}
      </a>
      <p className="text-dense break-all text-muted" title={runName}>
        {dagId} · {taskId}
        {mapIndex >= 0 && ` [${mapIndex}]`}
        <span className="hidden @4xl:inline"> · {runName}</span>
      </p>
    </>
  );
}

/** Who may answer, or who did. */
function whoWords({ state, form, answeredBy }: InputRequest): string {
  if (state === InputState.ANSWERED) {
    return answeredBy === timeoutAnswerer ? "nobody: the defaults" : answeredBy;
  }
  if (state !== InputState.OPEN) return "–";
  const assignees = form?.assignees ?? [];
  return assignees.length === 0 ? "everybody" : assignees.join(", ");
}

function Until({ request }: { readonly request: InputRequest }) {
  const { state } = request;
  if (state !== InputState.OPEN) {
    return <Time at={msOf(request.endedAt)} />;
  }
  const timeoutAt = msOf(request.timeoutAt);
  return timeoutAt === null ? "–" : <Countdown at={timeoutAt} />;
}
