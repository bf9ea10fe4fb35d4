import { cronInWords } from "../lib/cron-words.ts";

type Props = {
  readonly schedule: string;
  /** Empty where the schedule has none, as one on assets. */
  readonly timezone: string;
};

/** What is longer than any expression of cron, such as a list of assets, may break. */
const unbrokenMax = 32;

/** A schedule in words, with the raw expression and its zone beneath. */
export function ScheduleWords({ schedule, timezone }: Props) {
  if (schedule === "") return <span className="text-muted">By hand only</span>;
  const words = cronInWords(schedule);
  // Behind a list of assets the zone would look like one of them.
  const isMixed = schedule.includes(" or ");
  const text = timezone === "" ? schedule : `${schedule}${isMixed ? ", in" : ""} ${timezone}`;
  const isLong = text.length > unbrokenMax;
  return (
    <div className="leading-4">
      {words !== null && <p>{words}</p>}
      <p
        className={`font-mono text-label text-muted ${isLong ? "max-w-80 break-words md:min-w-52" : "whitespace-nowrap"}`}
      >
        {text}
      </p>
    </div>
  );
}
