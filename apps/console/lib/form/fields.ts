/** From a JSON Schema of an object to the fields of a form. */
import type { Json } from "../codec.ts";
import {
  asList,
  asNumber,
  asObject,
  asText,
  choicesOf,
  isNullable,
  parseSchema,
  resolve,
  typeOf,
} from "./schema.ts";
import type { Choice, Schema } from "./schema.ts";

/** What every field edits is text, under its path; `read.ts` makes values of it. */
export type Draft = Readonly<Record<string, string>>;

export type Field = InputField | GroupField;

type Common = {
  /** A JSON pointer from the object as a whole, such as `/address/city`. */
  readonly path: string;
  readonly name: string;
  readonly label: string;
  readonly description: string;
  readonly isRequired: boolean;
};

export type InputField = Common & {
  readonly kind: "input";
  readonly widget: Widget;
  /** What the input holds at first. */
  readonly initial: string;
  /** For `select`, `radio`, `yes-no` and `checks`. */
  readonly choices: readonly Choice[];
  /** Texts to propose. */
  readonly examples: readonly string[];
  /** What the schema says of the range or shape, in words. Empty when it says nothing. */
  readonly hint: string;
  readonly schema: Schema;
  /** Whether an empty input of a field that is required means null. */
  readonly isNullable: boolean;
};

/** An object within the object. */
export type GroupField = Common & { readonly kind: "group"; readonly fields: readonly Field[] };

export type Widget =
  | "text"
  | "email"
  | "url"
  | "multi-line"
  | "number"
  | "integer"
  | "checkbox"
  | "yes-no"
  | "select"
  | "radio"
  /** Any of several. */
  | "checks"
  /** One element a line. */
  | "lines"
  | "date-time"
  | "date"
  | "time"
  | "json"
  /** Nothing to choose: shown, and sent. */
  | "const";

/** A form; `isWhole` when its one field stands for the object as a whole, as JSON. */
export type Form = { readonly fields: readonly Field[]; readonly isWhole: boolean };

/** So many choices are seen at once; more are in a list. */
const radiosMax = 4;
/** Longer texts get more than one line. */
const lineLengthMax = 200;
/** Deeper objects are edited as JSON. */
const depthMax = 5;

/** A schema that is not one of an object with properties gives one field for all of it. */
export function formOf(schemaText: string, { whole }: { readonly whole: string }): Form {
  const root = parseSchema(schemaText) ?? {};
  const schema = resolve(root, root);
  const properties = asObject(schema["properties"]);
  if (properties !== null && Object.keys(properties).length > 0) {
    const defaults = asObject(schema["default"]) ?? {};
    return { fields: fieldsIn(schema, { root, path: "", depth: 0, defaults }), isWhole: false };
  }
  if (schema["additionalProperties"] === false) return { fields: [], isWhole: false };
  const description = asText(schema["description"]) || "A JSON object.";
  const initial = schema["default"] === undefined ? "{}" : pretty(schema["default"]);
  const about = { path: "", name: whole, label: whole, description, isRequired: false };
  return { fields: [{ ...plainInput(about, "json", schema), initial }], isWhole: true };
}

type Place = {
  readonly root: Schema;
  readonly path: string;
  readonly depth: number;
  /** Of the object around, which count before the fields' own. */
  readonly defaults: Schema;
};

function fieldsIn(schema: Schema, place: Place): readonly Field[] {
  const required = new Set(asList(schema["required"]));
  return Object.entries(asObject(schema["properties"]) ?? {}).map(([name, property]) => {
    const inner = resolve(asObject(property) ?? {}, place.root);
    return fieldOf(name, inner, { place, isRequired: required.has(name) });
  });
}

function fieldOf(
  name: string,
  schema: Schema,
  { place, isRequired }: { readonly place: Place; readonly isRequired: boolean },
): Field {
  const path = `${place.path}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
  const label = asText(schema["title"]) || name;
  const description = asText(schema["description"]);
  const given = place.defaults[name] ?? schema["default"];
  const about = { path, name, label, description, isRequired: isRequired && given === undefined };
  if (isGroup(schema) && place.depth < depthMax) {
    const defaults = asObject(given) ?? {};
    const fields = fieldsIn(schema, { root: place.root, path, depth: place.depth + 1, defaults });
    return { kind: "group", ...about, fields };
  }
  const item = resolve(asObject(schema["items"]) ?? {}, place.root);
  const widget = widgetOf(schema, { item, given, isRequired });
  const choices = widget === "checks" ? choicesOf(item) : choicesOf(schema);
  return {
    ...plainInput(about, widget, { ...schema, items: item }),
    choices: widget === "yes-no" ? yesNo : choices,
    initial: textOf(widget === "const" ? schema["const"] : given, widget),
  };
}

function plainInput(about: Common, widget: Widget, schema: Schema): InputField {
  const examples = asList(schema["examples"]).filter((one) => typeof one === "string");
  return {
    kind: "input",
    ...about,
    widget,
    initial: "",
    choices: [],
    examples,
    hint: hintOf(schema, widget),
    schema,
    isNullable: isNullable(schema),
  };
}

function isGroup(schema: Schema): boolean {
  const properties = asObject(schema["properties"]);
  if (!["object", ""].includes(typeOf(schema)) || properties === null) return false;
  // What may have any further keys is typed, not filled in.
  const isOpen = asObject(schema["additionalProperties"]) !== null;
  return Object.keys(properties).length > 0 && !isOpen && !isNullable(schema);
}

type About = {
  readonly item: Schema;
  readonly given: Json | undefined;
  readonly isRequired: boolean;
};

function widgetOf(schema: Schema, { item, given, isRequired }: About): Widget {
  if (schema["const"] !== undefined) return "const";
  const choices = choicesOf(schema);
  if (choices.length > 0) return choices.length <= radiosMax ? "radio" : "select";
  const type = typeOf(schema);
  // An empty box would be an answer that nobody gave.
  if (type === "boolean") return isRequired && given === undefined ? "yes-no" : "checkbox";
  if (type === "integer" || type === "number") return type;
  if (type === "array") return listWidget(item, given);
  return type === "string" ? textWidget(schema) : "json";
}

function listWidget(item: Schema, given: Json | undefined): Widget {
  if (choicesOf(item).length > 0) return "checks";
  const isSimple = ["string", "number", "integer"].includes(typeOf(item)) && !isNullable(item);
  const fits = asList(given).every((one) => typeof one !== "string" || !one.includes("\n"));
  return isSimple && fits ? "lines" : "json";
}

const yesNo: readonly Choice[] = [
  { label: "Yes", json: "true" },
  { label: "No", json: "false" },
];

const formats: Readonly<Record<string, Widget>> = {
  "date-time": "date-time",
  date: "date",
  time: "time",
  email: "email",
  uri: "url",
  multiline: "multi-line",
};

function textWidget(schema: Schema): Widget {
  const known = formats[asText(schema["format"])];
  if (known !== undefined) return known;
  const isText = asText(schema["contentMediaType"]) !== "";
  const isLong = (asNumber(schema["maxLength"]) ?? 0) > lineLengthMax;
  return isText || isLong ? "multi-line" : "text";
}

function hintOf(schema: Schema, widget: Widget): string {
  const words: string[] = [];
  const add = (key: string, before: string, after = "") => {
    const limit = schema[key];
    // Zod writes its integers with the limits of the number type, which say nothing to people.
    if (typeof limit === "number" && Math.abs(limit) < Number.MAX_SAFE_INTEGER) {
      words.push(`${before}${formatNumber(limit)}${after}`);
    }
  };
  add("minimum", "at least ");
  add("exclusiveMinimum", "more than ");
  add("maximum", "at most ");
  add("exclusiveMaximum", "less than ");
  add("multipleOf", "a multiple of ");
  // One letter is what "required" says.
  if (schema["minLength"] !== 1) add("minLength", "at least ", " letters");
  add("maxLength", "at most ", " letters");
  if (schema["minItems"] !== 1) add("minItems", "at least ", " of them");
  else words.push("at least one");
  add("maxItems", "at most ", " of them");
  if (widget === "text" && asText(schema["pattern"]) !== "") {
    words.push(`matches ${asText(schema["pattern"])}`);
  }
  return words.join(", ");
}

/** Not grouped below ten thousand, and never rounded. */
function formatNumber(value: number): string {
  return Math.abs(value) < 10_000
    ? String(value)
    : value.toLocaleString("en-US", { maximumFractionDigits: 20 });
}

function textOf(value: Json | undefined, widget: Widget): string {
  if (value === undefined || value === null) return "";
  if (widget === "lines") {
    return asList(value)
      .map((one) => (typeof one === "string" ? one : JSON.stringify(one)))
      .join("\n");
  }
  if (widget === "json") return pretty(value);
  if (["select", "radio", "checks", "const"].includes(widget)) return JSON.stringify(value);
  return typeof value === "string" ? value : JSON.stringify(value);
}

function pretty(value: Json): string {
  return JSON.stringify(value, null, 2);
}

/** Every input of a form, those within groups included. */
export function inputsOf(fields: readonly Field[]): readonly InputField[] {
  return fields.flatMap((field) => (field.kind === "group" ? inputsOf(field.fields) : [field]));
}

export function initialDraft({ fields }: Form): Draft {
  return Object.fromEntries(inputsOf(fields).map((input) => [input.path, input.initial]));
}

/** The one choice that is all a form needs to be sent; null when it needs more, or less. */
export function decisionOf({ fields }: Form): InputField | null {
  const needed = neededIn(fields).filter(
    ({ widget, isRequired, initial }) => isRequired && initial === "" && widget !== "const",
  );
  const [only] = needed;
  if (only === undefined || needed.length > 1 || !fields.includes(only)) return null;
  return only.widget === "radio" || only.widget === "yes-no" ? only : null;
}

/** Those within an object that need not be there are not needed. */
function neededIn(fields: readonly Field[]): readonly InputField[] {
  return fields.flatMap((field) => {
    if (field.kind === "input") return [field];
    return field.isRequired ? neededIn(field.fields) : [];
  });
}
