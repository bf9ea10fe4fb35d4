"use client";
import { ArrowDownToLine, ChevronDown, ChevronUp, Download, Search, WrapText } from "lucide-react";
import type { LucideIcon } from "lucide-react";
import type { KeyboardEvent } from "react";
import { LogLevel } from "@millrace/wire/v1";
import { formatCount, plural } from "../../lib/format.ts";
import type { LogView } from "../../lib/log-buffer.ts";

type Props = {
  readonly view: LogView;
  readonly hit: number;
  readonly search: string;
  readonly minLevel: LogLevel;
  readonly isWrapped: boolean;
  readonly isFollowing: boolean;
  readonly onSearch: (search: string) => void;
  /** Goes to a hit; past the last comes the first. */
  readonly onHit: (ix: number) => void;
  readonly onMinLevel: (level: LogLevel) => void;
  readonly onWrapped: (isWrapped: boolean) => void;
  readonly onFollowing: (isFollowing: boolean) => void;
  readonly onDownload: () => void;
};

const levels = [
  { level: LogLevel.UNSPECIFIED, label: "All levels" },
  { level: LogLevel.INFO, label: "Info and up" },
  { level: LogLevel.WARN, label: "Warnings, errors" },
  { level: LogLevel.ERROR, label: "Errors" },
] as const;

export function LogToolbar(props: Props) {
  const { view, hit, search } = props;
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter") {
      event.preventDefault();
      props.onHit(event.shiftKey ? hit - 1 : hit + 1);
    }
    if (event.key === "Escape" && search !== "") {
      event.preventDefault();
      props.onSearch("");
    }
  };
  return (
    <div className="flex flex-wrap items-center gap-1.5 px-3 py-2">
      <div className="relative min-w-40 flex-1">
        <Search
          size={14}
          aria-hidden
          className="absolute top-1/2 left-2 -translate-y-1/2 text-muted"
        />
        <input
          type="text"
          role="searchbox"
          aria-label="Search the log"
          placeholder="Search"
          value={search}
          onChange={(event) => props.onSearch(event.target.value)}
          onKeyDown={onKeyDown}
          className="h-7 w-full rounded-control border border-line-strong/50 bg-bg pr-16 pl-7 text-dense"
        />
        {search !== "" && (
          <span
            role="status"
            className="absolute top-1/2 right-2 -translate-y-1/2 text-label text-muted"
          >
            {view.hits.length === 0
              ? "0"
              : `${formatCount(hit + 1)} / ${formatCount(view.hits.length)}`}
          </span>
        )}
      </div>
      {search !== "" && (
        <>
          <Toggle Icon={ChevronUp} label="Previous hit" onPress={() => props.onHit(hit - 1)} />
          <Toggle Icon={ChevronDown} label="Next hit" onPress={() => props.onHit(hit + 1)} />
        </>
      )}
      <select
        aria-label="Level"
        value={props.minLevel}
        onChange={(event) => {
          const chosen = levels.find(({ level }) => String(level) === event.target.value);
          if (chosen !== undefined) props.onMinLevel(chosen.level);
        }}
        className="h-7 rounded-control border border-line-strong/50 bg-bg px-1.5 text-dense"
      >
        {levels.map(({ level, label }) => (
          <option key={level} value={level}>
            {label}
          </option>
        ))}
      </select>
      <Toggle
        Icon={WrapText}
        label="Wrap long lines"
        isPressed={props.isWrapped}
        onPress={() => props.onWrapped(!props.isWrapped)}
      />
      <Toggle
        Icon={ArrowDownToLine}
        label="Follow the end"
        isPressed={props.isFollowing}
        onPress={() => props.onFollowing(!props.isFollowing)}
      />
      <Toggle Icon={Download} label="Download the log" onPress={props.onDownload} />
      <span className="ml-auto text-label whitespace-nowrap text-muted" data-testid="log-total">
        {plural(view.total, "line")}
      </span>
    </div>
  );
}

type ToggleProps = {
  readonly Icon: LucideIcon;
  readonly label: string;
  readonly isPressed?: boolean;
  readonly onPress: () => void;
};

function Toggle({ Icon, label, isPressed, onPress }: ToggleProps) {
  return (
    <button
      type="button"
      aria-label={label}
      aria-pressed={isPressed}
      title={label}
      onClick={onPress}
      className="ghost-transition grid size-7 place-items-center rounded-control border border-line text-muted hover:bg-hover hover:text-text aria-pressed:border-accent aria-pressed:bg-selected aria-pressed:text-accent"
    >
      <Icon size={14} aria-hidden />
    </button>
  );
}
