import { Code } from "@connectrpc/connect";
import { refusal } from "./fake-errors.ts";

/** Fills in defaults and checks numbers against their limits: enough to show what a refusal looks like. */
export function checkParams(schemaText: string, data: Uint8Array | undefined): Uint8Array {
  const params = JSON.parse(new TextDecoder().decode(data ?? new Uint8Array()) || "{}") as Record<
    string,
    unknown
  >;
  const schema = JSON.parse(schemaText || "{}") as {
    properties?: Record<string, { default?: unknown; maximum?: number }>;
  };
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const value = params[name] ?? property.default;
    if (value !== undefined) params[name] = value;
    if (typeof value === "number" && property.maximum !== undefined && value > property.maximum) {
      throw refusal(
        Code.InvalidArgument,
        "PARAMS_INVALID",
        `params.${name} must be at most ${property.maximum}, not ${value}.`,
        { field: `params.${name}` },
      );
    }
  }
  return new TextEncoder().encode(JSON.stringify(params));
}
