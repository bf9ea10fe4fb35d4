/** SHA-1 of a short text, here because the engine imports nothing. Spreads retries apart; nothing secret hangs on it. */

/** The digest of the text's UTF-8 bytes as one 160-bit number. */
export function sha1(text: string): bigint {
  const words = padded(text);
  const hash = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];
  for (let block = 0; block < words.length; block += 16)
    mix(hash, words.subarray(block, block + 16));
  return hash.reduce((digest, word) => (digest << 32n) | BigInt(word >>> 0), 0n);
}

function padded(text: string): Uint32Array {
  const bytes = new TextEncoder().encode(text);
  const words = new Uint32Array(Math.ceil((bytes.length + 9) / 64) * 16);
  for (const [at, byte] of bytes.entries()) words[at >> 2]! |= byte << (24 - (at % 4) * 8);
  words[bytes.length >> 2]! |= 0x80 << (24 - (bytes.length % 4) * 8);
  words[words.length - 1] = bytes.length * 8;
  return words;
}

function mix(hash: number[], block: Uint32Array): void {
  const words = new Uint32Array(80);
  words.set(block);
  for (let at = 16; at < 80; at += 1)
    words[at] = rotate(words[at - 3]! ^ words[at - 8]! ^ words[at - 14]! ^ words[at - 16]!, 1);
  let [a, b, c, d, e] = hash as [number, number, number, number, number];
  for (let at = 0; at < 80; at += 1) {
    const next = (rotate(a, 5) + round(at, b, c, d) + e + words[at]!) | 0;
    [e, d, c, b, a] = [d, c, rotate(b, 30), a, next];
  }
  for (const [at, value] of [a, b, c, d, e].entries()) hash[at] = (hash[at]! + value) | 0;
}

function round(at: number, b: number, c: number, d: number): number {
  if (at < 20) return ((b & c) | (~b & d)) + 0x5a827999;
  if (at < 40) return (b ^ c ^ d) + 0x6ed9eba1;
  if (at < 60) return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
  return (b ^ c ^ d) + 0xca62c1d6;
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
