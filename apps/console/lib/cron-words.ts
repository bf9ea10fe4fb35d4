/** A cron expression in words, where it has one of the usual shapes. */

const presets: Readonly<Record<string, string>> = {
  "@hourly": "Every hour",
  "@daily": "Every day at 00:00",
  "@weekly": "Sundays at 00:00",
  "@monthly": "On day 1 of every month at 00:00",
  "@quarterly": "On day 1 of every third month at 00:00",
  "@yearly": "Every year on January 1 at 00:00",
  "@once": "Once",
  "@continuous": "Again as soon as the run before has ended",
};

const weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const monthNames =
  "January February March April May June July August September October November December".split(
    " ",
  );

/** Several expressions stand between " | ". Null when the shape is none of the usual ones: then the raw expression is the clearest thing to show. */
export function cronInWords(expression: string): string | null {
  const text = expression.trim();
  if (text.includes(" | ")) {
    const parts = text.split(" | ").map(cronInWords);
    return parts.includes(null) ? null : parts.join("; ");
  }
  const preset = presets[text];
  if (preset !== undefined) return preset;
  const fields = text.split(/\s+/);
  if (fields.length === 6) fields.shift();
  const [minute, hour, day, month, weekday] = fields;
  if (fields.length !== 5 || !minute || !hour || !day || !month || !weekday) return null;

  const days = daysInWords(day, month, weekday);
  if (days === null) return null;
  const every = /^\*(?:\/(\d+))?$/.exec(minute);
  if (every) return hour === "*" ? within(everyUnit(every[1], "minute"), days) : null;
  if (!/^\d+$/.test(minute)) return null;
  const hours = /^\*(?:\/(\d+))?$/.exec(hour);
  if (hours) {
    const at = minute === "0" ? "" : ` at minute ${minute}`;
    return within(`${everyUnit(hours[1], "hour")}${at}`, days);
  }
  if (!/^\d+(,\d+)*$/.test(hour)) return null;
  const clock = hour.split(",").map((value) => `${two(value)}:${two(minute)}`);
  return `${days === "" ? "Every day" : days} at ${list(clock)}`;
}

function everyUnit(step: string | undefined, unit: string): string {
  return step === undefined || step === "1" ? `Every ${unit}` : `Every ${step} ${unit}s`;
}

function within(words: string, days: string): string {
  return days === "" ? words : `${words}, ${days.charAt(0).toLowerCase()}${days.slice(1)}`;
}

/** Empty for every day; null for shapes without plain words. */
function daysInWords(day: string, month: string, weekday: string): string | null {
  if (day === "*" && month === "*") return weekday === "*" ? "" : weekdaysInWords(weekday);
  if (weekday !== "*" || !/^\d+(,\d+)*$/.test(day)) return null;
  const onDay = `On day ${list(day.split(","))}`;
  if (month === "*") return `${onDay} of every month`;
  const name = monthNames[Number(month) - 1];
  return /^\d+$/.test(month) && name !== undefined && /^\d+$/.test(day)
    ? `Every year on ${name} ${day}`
    : null;
}

function weekdaysInWords(weekday: string): string | null {
  if (weekday === "1-5" || /^mon-fri$/i.test(weekday)) return "Weekdays";
  if (weekday === "0,6" || weekday === "6,0") return "Weekends";
  const names: string[] = [];
  for (const value of weekday.split(",")) {
    const name = /^[0-7]$/.test(value)
      ? weekdays[Number(value) % 7]
      : weekdays.find((day) => day.slice(0, 3).toLowerCase() === value.toLowerCase());
    if (name === undefined) return null;
    names.push(`${name}s`);
  }
  return list(names);
}

function list(words: readonly string[]): string {
  return words.length < 2
    ? words.join("")
    : `${words.slice(0, -1).join(", ")} and ${words.at(-1) ?? ""}`;
}

function two(value: string): string {
  return value.padStart(2, "0");
}
