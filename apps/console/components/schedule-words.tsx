import { cronInWords } from "../lib/cron-words.ts";

type Props = { readonly schedule: string; readonly timezone: string };

/** A schedule in words, with the raw expression and its zone beneath. */
export function ScheduleWords({ schedule, timezone }: Props) {
  if (schedule === "") return <span className="text-muted">By hand only</span>;
  const words = cronInWords(schedule);
  const zone = timezone === "" ? "UTC" : timezone;
  return (
    <div className="leading-4">
      {words !== null && <p>{words}</p>}
      <p className="font-mono text-label whitespace-nowrap text-muted">
        {schedule} {zone}
      </p>
    </div>
  );
}
