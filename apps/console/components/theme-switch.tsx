"use client";
import { Monitor, Moon, Sun } from "lucide-react";
import { useEffect, useState } from "react";
import { chooseTheme, chosenTheme } from "../lib/theme.ts";
import type { Theme } from "../lib/theme.ts";

const themes: readonly {
  readonly theme: Theme;
  readonly label: string;
  readonly Icon: typeof Sun;
}[] = [
  { theme: "light", label: "Light", Icon: Sun },
  { theme: "dark", label: "Dark", Icon: Moon },
  { theme: "system", label: "As the system", Icon: Monitor },
];

/** Three choices, one pressed; the theme changes at once and is remembered. */
export function ThemeSwitch() {
  const [theme, setTheme] = useState<Theme | null>(null);
  useEffect(() => setTheme(chosenTheme()), []);
  return (
    <div
      role="group"
      aria-label="Theme"
      className="inline-flex h-7 items-center rounded-control border border-line p-px"
    >
      {themes.map(({ theme: value, label, Icon }) => (
        <button
          key={value}
          type="button"
          aria-label={label}
          title={`Theme: ${label}`}
          aria-pressed={theme === value}
          onClick={() => {
            chooseTheme(value);
            setTheme(value);
          }}
          className="ghost-transition grid size-6 place-items-center rounded-[5px] text-muted hover:text-text aria-pressed:bg-selected aria-pressed:text-accent"
        >
          <Icon size={14} aria-hidden />
        </button>
      ))}
    </div>
  );
}
