/** Cutting text to a number of bytes. */

const ellipsis = "…";
const ellipsisBytes = Buffer.byteLength(ellipsis);

/** The text, or as much of its beginning as fits into `bytesMax` bytes of UTF-8 with "…" at the end. */
export function cut(text: string, bytesMax: number): string {
  // A character has at most three bytes for each of its UTF-16 units: most texts need no counting.
  if (text.length * 3 <= bytesMax || Buffer.byteLength(text) <= bytesMax) return text;
  const bytes = Buffer.from(text.slice(0, bytesMax));
  let end = bytesMax - ellipsisBytes;
  // Bytes that continue a character begin with the bits 10.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.toString("utf8", 0, end) + ellipsis;
}
