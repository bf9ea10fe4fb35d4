/** The params of a scheduled run: what the DAG's schema gives as defaults. */

/** Values of a schema as JSON text; nobody is there to be asked, so what is required and has no default stays unset. */
export function defaultParams(schema: string | null): Uint8Array {
  const params = schema === null ? {} : defaultsOf(JSON.parse(schema));
  return Buffer.from(JSON.stringify(params));
}

function defaultsOf(schema: unknown): Record<string, unknown> {
  const params: Record<string, unknown> = {};
  const properties = fieldOf(schema, "properties");
  if (!isObject(properties)) return params;
  for (const [name, property] of Object.entries(properties)) {
    const value = fieldOf(property, "default");
    if (value === undefined) continue;
    // Fields of an object that is there have defaults of their own.
    params[name] = isObject(value) ? { ...defaultsOf(property), ...value } : value;
  }
  return params;
}

function fieldOf(value: unknown, name: string): unknown {
  return isObject(value) ? value[name] : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
