/** Takes a log line apart, whatever wrote it: our own form, and those of common servers. */

export type Entry = {
  /** As written in the line; "" when there is none. */
  time: string;
  /** Upper case: ERROR, WARN, INFO …; "NONE" where the format has no level. */
  level: string;
  component: string;
  message: string;
  /** Such as "E1042" or "404"; "" when there is none. */
  errorCode: string;
};

type Format = { readonly pattern: RegExp };

/** Named groups: time, level, component, message. The first format that matches wins. */
const formats: readonly Format[] = [
  // 2026-01-15T08:00:00.000Z ERROR [ledger] text
  {
    pattern:
      /^(?<time>\d{4}-\d\d-\d\dT[\d:.]+Z?) (?<level>[A-Z]+) \[(?<component>[^\]]*)\] (?<message>.*)$/,
  },
  // Apache: [Sun Dec 04 04:47:44 2005] [error] text
  { pattern: /^\[(?<time>\w{3} \w{3} +\d+ [\d:]+ \d{4})\] \[(?<level>\w+)\] (?<message>.*)$/ },
  // HDFS: 081109 203615 148 INFO dfs.DataNode$PacketResponder: text
  { pattern: /^(?<time>\d{6} \d{6}) \d+ (?<level>[A-Z]+) (?<component>[^:\s]+): (?<message>.*)$/ },
  // Spark: 17/06/09 20:10:40 INFO executor.Backend: text
  {
    pattern:
      /^(?<time>\d\d\/\d\d\/\d\d [\d:]+) (?<level>[A-Z]+) (?<component>[^:\s]+): (?<message>.*)$/,
  },
  // Hadoop: 2015-10-18 18:01:47,978 INFO [main] org.apache.Class: text
  {
    pattern:
      /^(?<time>\d{4}-\d\d-\d\d [\d:,]+) (?<level>[A-Z]+) \[[^\]]*\] (?<component>[^:\s]+): (?<message>.*)$/,
  },
  // Zookeeper: 2015-07-29 17:41:44,747 - INFO  [thread:Class@774] - text
  {
    pattern:
      /^(?<time>\d{4}-\d\d-\d\d [\d:,]+) - (?<level>[A-Z]+) +\[(?<component>.*?)\] - (?<message>.*)$/,
  },
  // OpenStack: nova-api.log.1 2017-05-16 00:00:00.008 25746 INFO nova.osapi [req…] text
  {
    pattern:
      /^\S+ (?<time>\d{4}-\d\d-\d\d [\d:.]+) \d+ (?<level>[A-Z]+) (?<component>\S+) (?<message>.*)$/,
  },
  // HealthApp: 20171223-22:15:29:606|Step_LSC|30002312|text
  { pattern: /^(?<time>\d{8}-[\d:]+)\|(?<component>[^|]*)\|\d+\|(?<message>.*)$/ },
  // Syslog (Linux, OpenSSH): Jun 14 15:16:01 combo sshd(pam_unix)[19939]: text
  {
    pattern: /^(?<time>\w{3} +\d+ [\d:]{8}) \S+ (?<component>[^:[]+(?:\[\d+\])?): (?<message>.*)$/,
  },
];

const errorCode =
  /\bcode[=:]\s*(?<named>\w+)|\bstatus: (?<status>[45]\d\d)\b|\berror(?: state)? (?<number>\d+)\b/i;

export function parseLine(line: string): Entry {
  for (const { pattern } of formats) {
    const groups = pattern.exec(line)?.groups;
    if (groups) return entryOf(groups["message"] ?? "", groups);
  }
  return entryOf(line, {});
}

function entryOf(message: string, groups: Record<string, string | undefined>): Entry {
  const code = errorCode.exec(message)?.groups;
  return {
    time: groups["time"] ?? "",
    level: normalLevel(groups["level"]),
    component: (groups["component"] ?? "").trim(),
    message,
    errorCode: code?.["named"] ?? code?.["status"] ?? code?.["number"] ?? "",
  };
}

function normalLevel(level: string | undefined): string {
  const upper = (level ?? "NONE").toUpperCase();
  return upper === "WARNING" ? "WARN" : upper;
}
