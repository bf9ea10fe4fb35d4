/** Subjects are words joined by dots, such as `owner.n4f2.grant`. */

const word = /^[^\s.*>]+$/;

/** Throws when a subject could not be published to. */
export function assertSubject(subject: string): void {
  if (!subject.split(".").every((part) => word.test(part))) {
    throw new TypeError(
      `"${subject}" is not a subject: use words without spaces, * or >, joined by dots.`,
    );
  }
}

/** Throws when a pattern could match nothing or could not be read. */
export function assertPattern(pattern: string): void {
  const parts = pattern.split(".");
  const isRight = parts.every(
    (part, i) => part === "*" || (part === ">" && i === parts.length - 1) || word.test(part),
  );
  if (!isRight) {
    throw new TypeError(
      `"${pattern}" is not a pattern: * stands for a whole word, > for all words at the end.`,
    );
  }
}

export function isPlain(pattern: string): boolean {
  return !pattern.includes("*") && !pattern.includes(">");
}

export function matches(pattern: string, subject: string): boolean {
  if (isPlain(pattern)) return pattern === subject;
  const wanted = pattern.split(".");
  const parts = subject.split(".");
  for (const [i, want] of wanted.entries()) {
    if (want === ">") return parts.length > i;
    if (i >= parts.length || (want !== "*" && want !== parts[i])) return false;
  }
  return wanted.length === parts.length;
}
