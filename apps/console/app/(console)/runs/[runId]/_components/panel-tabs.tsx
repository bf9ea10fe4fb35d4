"use client";
import { Tabs } from "@base-ui/react/tabs";

type Props = { readonly tabs: readonly { readonly value: string; readonly label: string }[] };

export function PanelTabs({ tabs }: Props) {
  return (
    <Tabs.List className="flex shrink-0 gap-4 overflow-x-auto border-b border-line px-4">
      {tabs.map(({ value, label }) => (
        <Tabs.Tab
          key={value}
          value={value}
          className="h-9 shrink-0 border-b-2 border-transparent text-muted hover:text-text data-[active]:border-accent data-[active]:font-medium data-[active]:text-text"
        >
          {label}
        </Tabs.Tab>
      ))}
    </Tabs.List>
  );
}
