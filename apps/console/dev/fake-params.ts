import { Code } from "@connectrpc/connect";
import { refusal } from "./fake-errors.ts";

/** What an object is called, and the reason it is refused for. */
type Kind = { readonly name: string; readonly reason: string };

type Property = { readonly default?: unknown; readonly maximum?: number };

/** Fills in defaults and checks what is required, limits of numbers, and what no form can know: enough to show a refusal. */
export function checkObject(
  schemaText: string,
  data: Uint8Array | undefined,
  { name, reason }: Kind,
): Record<string, unknown> {
  const text = new TextDecoder().decode(data ?? new Uint8Array());
  const object = JSON.parse(text || "{}") as Record<string, unknown>;
  const { properties = {}, required = [] } = JSON.parse(schemaText || "{}") as {
    properties?: Record<string, Property>;
    required?: string[];
  };
  const refuse = (field: string, rule: string) => {
    const message = `${field} ${rule}`;
    return refusal(Code.InvalidArgument, reason, message, { field });
  };
  for (const [key, property] of Object.entries(properties)) {
    const value = object[key] ?? property.default;
    if (value !== undefined) object[key] = value;
    if (typeof value === "number" && property.maximum !== undefined && value > property.maximum) {
      throw refuse(`${name}.${key}`, `must be at most ${property.maximum}, got ${value}`);
    }
    // As a rule between fields would: nothing that the page could have known.
    if (value === "refused") throw refuse(`${name}.${key}`, 'must not be "refused", got "refused"');
  }
  const missing = required.find((key) => object[key] === undefined);
  if (missing !== undefined) {
    throw refuse(name, `must have required property '${missing}', got nothing`);
  }
  return object;
}
