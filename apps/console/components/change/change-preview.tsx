"use client";
import { ArrowRight } from "lucide-react";
import { TaskState } from "@millrace/wire/v1";
import { indexText, linesOf, outcomeWord } from "../../lib/changes.ts";
import type { Affected, AffectedLine, Change, ChangeOptions } from "../../lib/changes.ts";
import { looksOfCounts } from "../../lib/counts.ts";
import { formatCount } from "../../lib/format.ts";
import { StateGlyph } from "../state-glyph.tsx";

type Props = {
  readonly change: Change;
  readonly options: ChangeOptions;
  readonly answer: Affected;
  /** Of the options before: the answer for these is on its way. */
  readonly isOld: boolean;
};

/** Task by task: what there is now, and what becomes of it. */
export function ChangePreview({ change, options, answer, isOld }: Props) {
  const lines = linesOf(answer.affected);
  const runIds = [...new Set(lines.map((line) => line.runId))];
  const rest = answer.affectedCount - answer.affected.length;
  const nameOf = (runId: string) =>
    change.targets.find((target) => target.runId === runId)?.runName ?? runId;
  return (
    <div
      tabIndex={0}
      role="group"
      aria-label="Task instances that would change"
      className={`min-h-0 flex-1 overflow-y-auto px-5 pb-3 -outline-offset-2 transition-opacity ${isOld ? "opacity-50" : ""}`}
    >
      {runIds.map((runId) => (
        <section key={runId} className="pb-2">
          {(runIds.length > 1 || change.targets.length > 1) && (
            <h3 className="py-1 font-mono text-label break-all text-muted">{nameOf(runId)}</h3>
          )}
          <ul className="divide-y divide-line">
            {lines
              .filter((line) => line.runId === runId)
              .map((line) => (
                <Line
                  key={`${line.taskId}/${line.isImplied}`}
                  line={line}
                  after={afterOf(line, change, options)}
                />
              ))}
          </ul>
        </section>
      ))}
      {rest > 0 && (
        <p className="pt-1 text-dense text-muted">And {formatCount(rest)} more, not listed.</p>
      )}
    </div>
  );
}

function afterOf({ isImplied }: AffectedLine, { kind }: Change, { state }: ChangeOptions): string {
  return kind === "clear" || isImplied ? "runs again" : outcomeWord(state);
}

function Line({ line, after }: { readonly line: AffectedLine; readonly after: string }) {
  const looks = looksOfCounts([...line.counts].map(([state, count]) => ({ state, count })));
  const isRunning = line.counts.has(TaskState.RUNNING);
  return (
    <li
      data-affected={line.taskId}
      data-implied={line.isImplied || undefined}
      className="flex flex-wrap items-center gap-x-3 gap-y-0.5 py-1.5"
    >
      <span className="min-w-0 flex-1 basis-40 break-all">
        {line.taskId}
        {line.mapIndexes.length > 0 && (
          <span className="ml-1.5 text-dense text-muted">
            {line.mapIndexes.length === 1 ? "instance" : "instances"} {indexText(line.mapIndexes)}
          </span>
        )}
        {line.isImplied && (
          <span className="ml-2 rounded-full border border-line px-1.5 text-label text-muted">
            goes with it
          </span>
        )}
      </span>
      <span className="flex flex-wrap items-center gap-x-2.5 text-dense">
        {looks.map(({ look, face, count }) => (
          <span key={look} className="inline-flex items-center gap-1">
            <StateGlyph look={look} size={14} />
            {line.mapIndexes.length > 0 && formatCount(count)} {face.label}
          </span>
        ))}
        <ArrowRight size={12} aria-label="becomes" className="text-muted" />
        <span className="w-24">{isRunning ? `stops, ${after}` : after}</span>
      </span>
    </li>
  );
}
