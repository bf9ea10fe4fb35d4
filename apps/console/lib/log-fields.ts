/** The facts beside a line's text, as words; what cannot be read as an object is shown as it is. */
export function logFields(
  json: string,
): readonly { readonly name: string; readonly text: string }[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    return [{ name: "fields", text: json }];
  }
  if (typeof parsed !== "object" || parsed === null) return [{ name: "fields", text: json }];
  return Object.entries(parsed).map(([name, value]) => ({
    name,
    text: typeof value === "string" ? value : JSON.stringify(value),
  }));
}
