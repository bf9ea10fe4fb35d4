"use client";
import { useState } from "react";
import { Button } from "../../../../components/button.tsx";

type Props = {
  /** Empty means all DAGs. */
  readonly dagId: string;
  readonly levels: number;
  readonly onChange: (focus: { dag: string | null; levels: string | null }) => void;
};

const levelChoices = [1, 2, 3, 5, 10, 20];
const field = "h-7 rounded-control border border-line-strong/50 bg-raised px-2";

/** Which DAG the picture is about, and how far around it. */
export function FocusFields({ dagId, levels, onChange }: Props) {
  const [typed, setTyped] = useState<string | null>(null);
  const text = typed ?? dagId;
  const focus = (id: string, within: number): void => {
    setTyped(null);
    onChange({ dag: id.trim() === "" ? null : id.trim(), levels: String(within) });
  };
  return (
    <form
      className="flex flex-wrap items-end gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        focus(text, levels);
      }}
    >
      <label className="block">
        <span className="block text-label text-muted">Around DAG</span>
        <input
          className={`${field} w-64 font-mono text-dense`}
          placeholder="all DAGs"
          value={text}
          onChange={(event) => setTyped(event.target.value)}
        />
      </label>
      <label className="block">
        <span className="block text-label text-muted">Levels</span>
        <select
          className={field}
          value={levels}
          disabled={text === ""}
          onChange={(event) => focus(text, Number(event.target.value))}
        >
          {levelChoices.map((choice) => (
            <option key={choice} value={choice}>
              {choice}
            </option>
          ))}
        </select>
      </label>
      <Button type="submit">Show</Button>
      {dagId !== "" && <Button onClick={() => focus("", levels)}>All DAGs</Button>}
    </form>
  );
}
