"use client";
import { ChevronRight } from "lucide-react";
import { useState } from "react";
import { keyText } from "../lib/codec.ts";
import type { ScalarType, ValueNode } from "../lib/codec.ts";
import { formatBytes } from "../lib/format.ts";
import { Button } from "./button.tsx";

/** Entries shown at once; a button brings the next. */
const entriesStep = 100;

/** Longer strings are cut until asked for. */
const textMax = 400;

/** Levels open at first. */
const openDepth = 2;

type Props = { readonly node: ValueNode; readonly depth?: number };

/** A value as a tree: JSON, and the codec's dates, big integers, bytes, maps and sets by what they are. */
export function ValueTree({ node, depth = 0 }: Props) {
  return (
    <div className="font-mono text-dense leading-5 break-words">
      {node.kind === "scalar" ? <Scalar node={node} /> : <Branch node={node} depth={depth} />}
    </div>
  );
}

type BranchNode = Exclude<ValueNode, { kind: "scalar" }>;

function Branch({ node, depth }: { readonly node: BranchNode; readonly depth: number }) {
  const [shown, setShown] = useState(entriesStep);
  const rows: readonly (readonly [string, ValueNode])[] =
    node.kind === "list"
      ? node.items.map((item, ix) => [String(ix), item] as const)
      : node.entries.map(([key, value]) => [keyText(key), value] as const);
  if (rows.length === 0) return <span className="text-muted">{emptyText(node)}</span>;
  return (
    <ul className={depth === 0 ? "" : "border-l border-line pl-3"}>
      {rows.slice(0, shown).map(([key, value], ix) => (
        <li key={ix}>
          <Entry name={key} value={value} depth={depth} isIndex={node.kind === "list"} />
        </li>
      ))}
      {rows.length > shown && (
        <li className="py-1">
          <Button onClick={() => setShown(shown + entriesStep)}>
            Show {rows.length - shown} more
          </Button>
        </li>
      )}
    </ul>
  );
}

type EntryProps = {
  readonly name: string;
  readonly value: ValueNode;
  readonly depth: number;
  readonly isIndex: boolean;
};

function Entry({ name, value, depth, isIndex }: EntryProps) {
  const [isOpen, setOpen] = useState(depth < openDepth);
  const label = <span className={isIndex ? "text-muted" : "text-accent"}>{name}</span>;
  if (value.kind === "scalar") {
    return (
      <div className="pl-4">
        {label}
        <span className="text-muted">: </span>
        <Scalar node={value} />
      </div>
    );
  }
  return (
    <div>
      <button
        type="button"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
        className="inline-flex items-center rounded-cell hover:bg-hover"
      >
        <ChevronRight
          size={12}
          aria-hidden
          className={`mr-1 text-muted transition-transform duration-100 ${isOpen ? "rotate-90" : ""}`}
        />
        {label}
        <span className="ml-2 text-muted">{sizeText(value)}</span>
      </button>
      {isOpen && (
        <div className="ml-1.5">
          <Branch node={value} depth={depth + 1} />
        </div>
      )}
    </div>
  );
}

function Scalar({ node }: { readonly node: Extract<ValueNode, { kind: "scalar" }> }) {
  const [isWhole, setWhole] = useState(false);
  const text = scalarText(node.type, node.text);
  const isCut = text.length > textMax && !isWhole;
  return (
    <>
      <span className={`whitespace-pre-wrap ${scalarColors[node.type]}`}>
        {isCut ? `${text.slice(0, textMax)}…` : text}
      </span>
      {typeMarks[node.type] !== undefined && (
        <span className="ml-1.5 rounded-cell border border-line px-1 text-label text-muted">
          {typeMarks[node.type]}
        </span>
      )}
      {isCut && (
        <button type="button" onClick={() => setWhole(true)} className="ml-1 text-accent underline">
          all {text.length} characters
        </button>
      )}
    </>
  );
}

const scalarColors: Readonly<Record<ScalarType, string>> = {
  string: "text-(--state-success)",
  number: "text-(--state-upstream) dark:text-[#e29ad0]",
  bigint: "text-(--state-upstream) dark:text-[#e29ad0]",
  boolean: "text-accent",
  null: "text-muted",
  undefined: "text-muted italic",
  date: "text-text",
  bytes: "text-text",
  stored: "text-muted",
  unknown: "text-danger",
};

const typeMarks: Readonly<Partial<Record<ScalarType, string>>> = {
  date: "date",
  bigint: "bigint",
  bytes: "bytes",
  stored: "kept apart",
  unknown: "unreadable",
};

function scalarText(type: ScalarType, text: string): string {
  if (type === "string") return JSON.stringify(text);
  if (type === "date") return text.replace("T", " ").replace(/(\.000)?Z$/, " UTC");
  if (type === "stored") return formatBytes(Number(text));
  if (type === "bytes") return `${Math.floor((text.replace(/=+$/, "").length * 3) / 4)} B  ${text}`;
  return text;
}

function sizeText(node: BranchNode): string {
  if (node.kind === "list") {
    return node.type === "set" ? `Set(${node.items.length})` : `[${node.items.length}]`;
  }
  return node.type === "map" ? `Map(${node.entries.length})` : `{${node.entries.length}}`;
}

function emptyText(node: BranchNode): string {
  if (node.type === "set") return "Set(0)";
  if (node.type === "map") return "Map(0)";
  return node.kind === "list" ? "[]" : "{}";
}
