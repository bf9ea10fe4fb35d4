/** Enough of TypeScript's and Python's looks to read a DAG file in colour: no grammar, one pass, linear. */

export type Token = {
  readonly text: string;
  readonly kind: "plain" | "comment" | "string" | "number" | "keyword" | "decorator" | "call";
};

const keywords = new Set(
  (
    "import export from default const let var function async await return if else for of in while class extends new " +
    "type interface typeof throw try catch finally switch case break continue as satisfies this null undefined true " +
    "false void readonly static def with None True False lambda yield raise except pass and or not is"
  ).split(" "),
);

const pattern = new RegExp(
  [
    String.raw`(?<comment>\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|(?<=^|\n)[ \t]*#[^\n]*)`,
    String.raw`(?<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\`(?:\\.|[^\`\\])*\`)`,
    String.raw`(?<decorator>@[A-Za-z_$][\w$]*)`,
    String.raw`(?<number>\b\d[\d_]*(?:\.\d+)?n?\b)`,
    String.raw`(?<word>[A-Za-z_$][\w$]*)`,
  ].join("|"),
  "g",
);

export function tokenize(source: string): readonly Token[] {
  const tokens: Token[] = [];
  let from = 0;
  for (const match of source.matchAll(pattern)) {
    if (match.index > from) tokens.push({ text: source.slice(from, match.index), kind: "plain" });
    from = match.index + match[0].length;
    tokens.push({ text: match[0], kind: kindOf(match, source.charAt(from)) });
  }
  if (from < source.length) tokens.push({ text: source.slice(from), kind: "plain" });
  return tokens;
}

function kindOf(match: RegExpExecArray, next: string): Token["kind"] {
  const groups = match.groups ?? {};
  for (const kind of ["comment", "string", "decorator", "number"] as const) {
    if (groups[kind] !== undefined) return kind;
  }
  if (keywords.has(match[0])) return "keyword";
  return next === "(" ? "call" : "plain";
}

/** The tokens of each line; a token over several lines is cut at their ends. */
export function tokenLines(source: string): readonly (readonly Token[])[] {
  const lines: Token[][] = [[]];
  for (const token of tokenize(source)) {
    token.text.split("\n").forEach((text, ix) => {
      if (ix > 0) lines.push([]);
      if (text !== "") lines.at(-1)?.push({ text, kind: token.kind });
    });
  }
  return lines;
}
