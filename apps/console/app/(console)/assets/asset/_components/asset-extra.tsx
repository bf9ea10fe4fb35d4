import { ValueTree } from "../../../../../components/value-tree.tsx";
import { decodeValue } from "../../../../../lib/codec.ts";

/** What the definition of an asset says beside its name: JSON as text; empty for nothing. */
export function AssetExtra({ extra }: { readonly extra: string }) {
  if (extra === "" || extra === "{}") return null;
  return (
    <section aria-label="Definition" className="space-y-1.5">
      <h2 className="font-medium">Definition</h2>
      <ValueTree node={decodeValue(new TextEncoder().encode(extra))} />
    </section>
  );
}
