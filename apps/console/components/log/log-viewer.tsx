"use client";
import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDownToLine } from "lucide-react";
import { useEffect, useLayoutEffect, useRef, useState, useSyncExternalStore } from "react";
import type { UIEvent } from "react";
import { LogLevel } from "@millrace/wire/v1";
import { plural } from "../../lib/format.ts";
import type { LogBuffer } from "../../lib/log-buffer.ts";
import { saveFile } from "../../lib/save-file.ts";
import { Button } from "../button.tsx";
import { LogRow } from "./log-row.tsx";
import { LogToolbar } from "./log-toolbar.tsx";

const rowHeight = 20;
const overscan = 20;

/** Nearer to the end than this counts as being at the end. */
const endSlack = 4;

type Props = {
  readonly buffer: LogBuffer;
  /** Whether lines may still come. */
  readonly isOpen: boolean;
  /** For the download. */
  readonly fileName: string;
};

/** A log that follows its end until the reader scrolls up, of any length: only the rows in sight are drawn. */
export function LogViewer({ buffer, isOpen, fileName }: Props) {
  const view = useSyncExternalStore(buffer.subscribe, buffer.view, buffer.view);
  const [isFollowing, setFollowing] = useState(true);
  const [isWrapped, setWrapped] = useState(false);
  const [search, setSearch] = useState("");
  const [minLevel, setMinLevel] = useState<LogLevel>(LogLevel.UNSPECIFIED);
  const [hit, setHit] = useState(0);
  const scroller = useRef<HTMLDivElement>(null);
  const count = view.rows?.length ?? view.total;
  const rows = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan,
  });

  useEffect(() => {
    buffer.setFilter({ minLevel, search });
    setHit(0);
  }, [buffer, minLevel, search]);
  useEffect(() => rows.measure(), [isWrapped, rows]);

  const size = rows.getTotalSize();
  useLayoutEffect(() => {
    const element = scroller.current;
    if (isFollowing && element !== null) element.scrollTop = element.scrollHeight;
  }, [isFollowing, size, view.version]);

  const lastTop = useRef(0);
  const seenCount = useRef(0);
  const onScroll = ({ currentTarget: element }: UIEvent<HTMLDivElement>) => {
    const isAtEnd = element.scrollHeight - element.scrollTop - element.clientHeight <= endSlack;
    // Only a reader makes the position go back; growth and following make it go on.
    if (element.scrollTop < lastTop.current - 1 && !isAtEnd) {
      if (isFollowing) seenCount.current = view.total;
      setFollowing(false);
    } else if (isAtEnd) setFollowing(true);
    lastTop.current = element.scrollTop;
  };
  const goToHit = (ix: number) => {
    if (view.hits.length === 0) return;
    const next = (ix + view.hits.length) % view.hits.length;
    setHit(next);
    setFollowing(false);
    rows.scrollToIndex(view.hits[next] ?? 0, { align: "center" });
  };
  const newLines = view.total - seenCount.current;
  return (
    <div className="flex min-h-0 flex-1 flex-col" data-testid="log">
      <LogToolbar
        view={view}
        hit={hit}
        search={search}
        minLevel={minLevel}
        isWrapped={isWrapped}
        isFollowing={isFollowing}
        onSearch={setSearch}
        onHit={goToHit}
        onMinLevel={setMinLevel}
        onWrapped={setWrapped}
        onFollowing={(isOn) => {
          seenCount.current = view.total;
          setFollowing(isOn);
        }}
        onDownload={() => saveFile(fileName, buffer.text())}
      />
      <div className="relative min-h-0 flex-1 border-t border-line bg-surface">
        <div
          ref={scroller}
          role="region"
          aria-label="Log"
          tabIndex={0}
          data-following={isFollowing}
          onScroll={onScroll}
          className="absolute inset-0 overflow-auto py-1 font-mono text-dense -outline-offset-2"
        >
          <div className="relative w-full" style={{ height: size }}>
            {rows.getVirtualItems().map((row) => {
              const line = buffer.lineAt(row.index);
              if (line === undefined) return null;
              return (
                <LogRow
                  key={row.key}
                  ref={isWrapped ? rows.measureElement : undefined}
                  index={row.index}
                  top={row.start}
                  line={line}
                  search={search}
                  isHit={view.hits[hit] === row.index && search !== ""}
                  isWrapped={isWrapped}
                />
              );
            })}
          </div>
          {count === 0 && (
            <p className="absolute inset-x-0 top-6 text-center font-sans text-body text-muted">
              {view.total > 0
                ? "No line is at this level."
                : isOpen
                  ? "No lines yet; they appear as they are written."
                  : "The attempt wrote nothing."}
            </p>
          )}
        </div>
        {!isFollowing && (
          <Button
            onClick={() => setFollowing(true)}
            className="absolute right-4 bottom-3 shadow-overlay"
          >
            <ArrowDownToLine size={14} aria-hidden />
            {newLines > 0 ? plural(newLines, "new line") : "To the end"}
          </Button>
        )}
      </div>
    </div>
  );
}
