/** The seconds of a day that a cron expression's hours, minutes and seconds allow. */

export type TimesOfDay = {
  /** The first allowed second from `from` on, 0 to 86,399; null when the day has none left. */
  first(from: number): number | null;
  /** The last allowed second up to `to`, itself included; null when the day has none before. */
  last(to: number): number | null;
};

/** One field: the nearest allowed value in each direction, null when there is none. */
type Field = { up(from: number): number | null; down(to: number): number | null };

/** @param hours 0 to 23, @param minutes and @param seconds 0 to 59; none is empty */
export function timesOfDay(
  hours: readonly number[],
  minutes: readonly number[],
  seconds: readonly number[],
): TimesOfDay {
  const [hour, minute, second] = [fieldOf(hours, 24), fieldOf(minutes, 60), fieldOf(seconds, 60)];
  const least = { minute: Math.min(...minutes), second: Math.min(...seconds) };
  const most = { minute: Math.max(...minutes), second: Math.max(...seconds) };
  return {
    first(from) {
      const [h, m, s] = split(from);
      if (hour.up(h) === h) {
        const sameMinute = minute.up(m) === m ? second.up(s) : null;
        if (sameMinute !== null) return join(h, m, sameMinute);
        const later = minute.up(m + 1);
        if (later !== null) return join(h, later, least.second);
      }
      const later = hour.up(h + 1);
      return later === null ? null : join(later, least.minute, least.second);
    },
    last(to) {
      const [h, m, s] = split(to);
      if (hour.down(h) === h) {
        const sameMinute = minute.down(m) === m ? second.down(s) : null;
        if (sameMinute !== null) return join(h, m, sameMinute);
        const earlier = minute.down(m - 1);
        if (earlier !== null) return join(h, earlier, most.second);
      }
      const earlier = hour.down(h - 1);
      return earlier === null ? null : join(earlier, most.minute, most.second);
    },
  };
}

function split(second: number): [hour: number, minute: number, second: number] {
  return [Math.floor(second / 3600), Math.floor(second / 60) % 60, second % 60];
}

function join(hour: number, minute: number, second: number): number {
  return hour * 3600 + minute * 60 + second;
}

/** Tables, because a scheduler asks for the next fire of thousands of DAGs, and a year of catch-up for each fire in it. */
function fieldOf(values: readonly number[], size: number): Field {
  const allowed = new Set(values);
  const above = new Array<number | null>(size + 1).fill(null);
  const below = new Array<number | null>(size + 1).fill(null);
  for (let value = size - 1; value >= 0; value -= 1)
    above[value] = allowed.has(value) ? value : (above[value + 1] ?? null);
  // Shifted by one: below[0] is asked for with -1.
  for (let value = 0; value < size; value += 1)
    below[value + 1] = allowed.has(value) ? value : (below[value] ?? null);
  return { up: (from) => above[from] ?? null, down: (to) => below[to + 1] ?? null };
}
