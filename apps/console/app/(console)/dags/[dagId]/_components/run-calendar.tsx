"use client";
import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { ChevronLeft, ChevronRight } from "lucide-react";
import { useMemo } from "react";
import { DagRunService } from "@millrace/wire/v1";
import type { PlannedRun, RunDay } from "@millrace/wire/v1";
import { Button } from "../../../../../components/button.tsx";
import { CallError } from "../../../../../components/faces.tsx";
import { pollMs } from "../../../../../components/providers.tsx";
import { StateGlyph } from "../../../../../components/state-glyph.tsx";
import {
  countByDay,
  dayIn,
  isMonth,
  looksOfDay,
  monthTitle,
  shiftMonth,
  weeksOf,
} from "../../../../../lib/calendar.ts";
import { formatCount, msOf, plural } from "../../../../../lib/format.ts";
import { useNow } from "../../../../../lib/use-now.ts";
import { useUrlState } from "../../../../../lib/use-url-state.ts";

type Props = {
  readonly dagId: string;
  readonly zone: string;
  readonly planned: readonly PlannedRun[];
};

const weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/** A month of runs: those that were, by state, and those that are planned. */
export function RunCalendar({ dagId, zone, planned }: Props) {
  const now = useNow();
  const [params, setParams] = useUrlState();
  const today = dayIn(zone, now);
  const asked = params.get("month");
  const month = isMonth(asked) ? asked : today.slice(0, 7);
  const weeks = useMemo(() => weeksOf(month), [month]);
  const query = useQuery(
    DagRunService.method.getRunCalendar,
    { dagId, from: weeks[0]?.[0] ?? "", to: weeks.at(-1)?.[6] ?? "", timezone: zone },
    { refetchInterval: pollMs, placeholderData: keepPreviousData, enabled: now !== 0 },
  );
  const ran = useMemo(
    () => new Map((query.data?.days ?? []).map((day) => [day.day, day])),
    [query.data],
  );
  const due = useMemo(
    () =>
      countByDay(
        zone,
        planned.flatMap(({ runAfter }) => msOf(runAfter) ?? []),
      ),
    [zone, planned],
  );
  // Which month it is, only the browser knows.
  if (now === 0) return null;
  const move = (by: number): void => setParams({ month: shiftMonth(month, by) });
  return (
    <section aria-label="Calendar" className="min-w-0 space-y-3">
      <div className="flex items-center gap-2">
        <h2 className="flex-1 font-medium" aria-live="polite">
          {monthTitle(month)} <span className="font-normal text-muted">in {zone}</span>
        </h2>
        {month !== today.slice(0, 7) && (
          <Button tone="quiet" onClick={() => setParams({ month: null })}>
            This month
          </Button>
        )}
        <Button aria-label="The month before" onClick={() => move(-1)}>
          <ChevronLeft size={14} aria-hidden />
        </Button>
        <Button aria-label="The month after" onClick={() => move(1)}>
          <ChevronRight size={14} aria-hidden />
        </Button>
      </div>
      {query.isError && <CallError error={query.error} />}
      <table className="w-full table-fixed border-collapse">
        <thead>
          <tr className="text-left text-label text-muted">
            {weekdays.map((day) => (
              <th key={day} className="pb-1 font-normal">
                {day}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {weeks.map((week) => (
            <tr key={week[0]}>
              {week.map((day) => (
                <Day
                  key={day}
                  day={day}
                  isOther={!day.startsWith(month)}
                  isToday={day === today}
                  ran={ran.get(day)}
                  due={due.get(day) ?? 0}
                />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <p className="text-muted">
        Runs by their logical date
        {planned.length > 0 &&
          `; planned ones by when they are due, the next ${plural(planned.length, "run")}`}
        .
      </p>
    </section>
  );
}

type DayProps = {
  readonly day: string;
  /** Of the month before or after. */
  readonly isOther: boolean;
  readonly isToday: boolean;
  readonly ran: RunDay | undefined;
  readonly due: number;
};

const words = { failed: "failed", running: "running", queued: "queued", success: "succeeded" };

function Day({ day, isOther, isToday, ran, due }: DayProps) {
  const looks = ran === undefined ? [] : looksOfDay(ran);
  const told = [
    ...looks.map(({ look, count }) => `${count} ${words[look as keyof typeof words]}`),
    ...(due > 0 ? [`${due} planned`] : []),
  ];
  return (
    <td
      aria-label={`${day}: ${told.join(", ") || "no runs"}`}
      title={told.join(", ")}
      aria-current={isToday ? "date" : undefined}
      className={`h-16 border border-line p-1 align-top ${isToday ? "bg-hover" : ""}`}
    >
      <span
        className={`text-label tabular-nums ${isToday ? "font-semibold" : isOther ? "text-muted" : ""}`}
      >
        {Number(day.slice(8))}
      </span>
      <ul className="flex flex-wrap gap-x-1.5 gap-y-0.5">
        {looks.map(({ look, count }) => (
          <li key={look} className="flex items-center gap-0.5 text-label tabular-nums">
            <StateGlyph look={look} size={13} /> {formatCount(count)}
          </li>
        ))}
        {due > 0 && (
          <li className="flex items-center gap-0.5 text-label text-muted tabular-nums">
            <StateGlyph look="scheduled" size={13} /> {formatCount(due)}
          </li>
        )}
      </ul>
    </td>
  );
}
