"use client";
import { memo } from "react";
import type { Ref } from "react";
import { LogLevel, LogStream } from "@millrace/wire/v1";
import type { LogLine } from "@millrace/wire/v1";
import { ansiSpans } from "../../lib/ansi.ts";
import { formatClock, formatInstant, msOf } from "../../lib/format.ts";
import { levelOf } from "../../lib/log-buffer.ts";
import { logFields } from "../../lib/log-fields.ts";

type Props = {
  readonly ref: Ref<HTMLDivElement> | undefined;
  readonly index: number;
  readonly top: number;
  readonly line: LogLine;
  readonly search: string;
  readonly isHit: boolean;
  readonly isWrapped: boolean;
};

type LevelFace = { readonly name: string; readonly letter: string; readonly color: string };

/** Info is the common case, and stays quiet. */
const info: LevelFace = { name: "info", letter: "", color: "" };
const levels: ReadonlyMap<LogLevel, LevelFace> = new Map([
  [LogLevel.DEBUG, { name: "debug", letter: "D", color: "text-muted" }],
  [LogLevel.WARN, { name: "warning", letter: "W", color: "text-warn" }],
  [LogLevel.ERROR, { name: "error", letter: "E", color: "text-danger" }],
]);

const streamNames: Readonly<Partial<Record<LogStream, string>>> = {
  [LogStream.STDOUT]: "standard output",
  [LogStream.STDERR]: "standard error",
  [LogStream.SYSTEM]: "Millrace",
};

/** Not drawn anew with each line that comes: most of those in sight are the same. */
export const LogRow = memo(function LogRow({
  ref,
  index,
  top,
  line,
  search,
  isHit,
  isWrapped,
}: Props) {
  const at = msOf(line.at);
  const level = levels.get(levelOf(line)) ?? info;
  const isSystem = line.stream === LogStream.SYSTEM;
  return (
    <div
      ref={ref}
      data-index={index}
      data-seq={String(line.seq)}
      className={`absolute top-0 left-0 flex min-h-5 min-w-full leading-5 ${isWrapped ? "w-full" : "w-max"} ${isHit ? "bg-selected" : "hover:bg-hover"} ${level.color}`}
      style={{ transform: `translateY(${top}px)` }}
    >
      <span className="w-12 shrink-0 pr-2 text-right text-muted select-none">
        {String(line.seq)}
      </span>
      {at !== null && (
        <span className="shrink-0 pr-2 text-muted max-sm:hidden" title={formatInstant(at)}>
          {formatClock(at, { withMs: true })}
        </span>
      )}
      <span
        className="w-4 shrink-0 font-semibold select-none"
        title={`${level.name}, ${streamNames[line.stream] ?? "log"}`}
      >
        {level.letter}
      </span>
      <span
        className={`pr-4 ${isWrapped ? "min-w-0 flex-1 break-all whitespace-pre-wrap" : "whitespace-pre"} ${isSystem ? "text-muted italic" : ""}`}
      >
        <Message text={line.message} search={search} />
        {line.fieldsJson !== "" && <Fields json={line.fieldsJson} />}
      </span>
    </div>
  );
});

function Message({ text, search }: { readonly text: string; readonly search: string }) {
  return ansiSpans(text).map((span, ix) => (
    <span
      key={ix}
      style={span.color === null ? undefined : { color: `var(--ansi-${span.color})` }}
      className={`${span.isBold ? "font-semibold" : ""} ${span.isDim ? "opacity-70" : ""}`}
    >
      <Marked text={span.text} search={search} />
    </span>
  ));
}

function Marked({ text, search }: { readonly text: string; readonly search: string }) {
  if (search === "") return text;
  const lower = text.toLowerCase();
  const wanted = search.toLowerCase();
  const parts = [];
  let from = 0;
  for (let at = lower.indexOf(wanted); at !== -1; at = lower.indexOf(wanted, from)) {
    parts.push(text.slice(from, at));
    parts.push(
      <mark key={at} className="rounded-cell bg-(--state-retry)/45 text-text">
        {text.slice(at, at + search.length)}
      </mark>,
    );
    from = at + search.length;
  }
  parts.push(text.slice(from));
  return parts;
}

function Fields({ json }: { readonly json: string }) {
  return logFields(json).map(({ name, text }) => (
    <span key={name} className="text-muted">
      {"  "}
      {name}=<span className="text-text">{text}</span>
    </span>
  ));
}
