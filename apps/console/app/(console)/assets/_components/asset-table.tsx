"use client";
import Link from "next/link";
import type { Asset } from "@millrace/wire/v1";
import { Time } from "../../../../components/time.tsx";
import { assetHref } from "../../../../lib/assets.ts";
import { formatCount, msOf } from "../../../../lib/format.ts";

type Props = {
  readonly assets: readonly Asset[];
  readonly onGroup: (group: string) => void;
};

export function AssetTable({ assets, onGroup }: Props) {
  return (
    <div className="overflow-x-auto">
      <table className="w-full text-left">
        <thead className="text-label text-muted">
          <tr>
            <th className="px-3 py-2 font-medium">Asset</th>
            <th className="hidden px-3 py-2 font-medium sm:table-cell">Group</th>
            <th className="px-3 py-2 font-medium">Last event</th>
            <th className="hidden px-3 py-2 text-right font-medium md:table-cell">Producers</th>
            <th className="hidden px-3 py-2 text-right font-medium md:table-cell">Consumers</th>
          </tr>
        </thead>
        <tbody>
          {assets.map((asset) => (
            <tr key={asset.uri} className="border-t border-line hover:bg-hover">
              <td className="max-w-[520px] px-3 py-2">
                <Link
                  href={assetHref(asset.uri)}
                  className="font-medium break-all text-accent hover:underline"
                >
                  {asset.name}
                </Link>
                {asset.name !== asset.uri && (
                  <p className="font-mono text-label break-all text-muted">{asset.uri}</p>
                )}
              </td>
              <td className="hidden px-3 py-2 sm:table-cell">
                <button
                  type="button"
                  onClick={() => onGroup(asset.group)}
                  className="rounded-control px-1 text-muted hover:bg-hover hover:text-text"
                >
                  {asset.group}
                </button>
              </td>
              <td className="px-3 py-2">
                {asset.lastEventAt === undefined ? (
                  <span className="text-muted">never</span>
                ) : (
                  <Time at={msOf(asset.lastEventAt)} />
                )}
              </td>
              <td className="hidden px-3 py-2 text-right tabular-nums md:table-cell">
                {formatCount(asset.producerCount)}
              </td>
              <td className="hidden px-3 py-2 text-right tabular-nums md:table-cell">
                {formatCount(asset.consumerCount)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
