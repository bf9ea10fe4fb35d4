/** Colours. Text is always coloured here; `output.ts` takes the colours out where nobody would see them. */
import pc from "picocolors";

export const colors = pc.createColors(true);
