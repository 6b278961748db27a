// Loading: the document of a page and its arrays, from the server that shows it or from the page itself.

const TYPES = { uint8: Uint8Array, int8: Int8Array, uint16: Uint16Array, int16: Int16Array, float32: Float32Array };

/**
 * The arrays of a document.
 * @param document plain object, as content.py wrote it
 * @param from {(name: string) => Promise<ArrayBuffer>} gives the bytes of a part
 */
export async function loadStudy(document, from) {
  const names = Object.keys(document.parts);
  const loaded = await Promise.all(names.map(async (name) => [name, decoded(document.parts[name], await from(name))]));
  return { document, parts: Object.fromEntries(loaded) };
}

/** Values of a part; coarser ones (a report's) are stored as steps between two limits. */
function decoded(description, bytes) {
  const { type, low, high } = description;
  const stored = new TYPES[type](bytes);
  if (low === undefined) return stored;
  const out = new Float32Array(stored.length), over = 2 ** (8 * stored.BYTES_PER_ELEMENT) - 1;
  for (let n = 0; n < out.length; n++) out[n] = low + (stored[n] / over) * (high - low);
  return out;
}

/**
 * Bytes from the server, read into memory once, without a second copy.
 * @param asked the answer, where it was asked for already
 */
export async function fetched(address, bytes, asked = null) {
  const answer = await (asked ?? fetch(address, { cache: "no-store" }));
  if (!answer.ok) throw new Error(`${address}: the server said ${answer.status}`);
  const whole = new Uint8Array(bytes), reader = answer.body.getReader();
  for (let at = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) {
      if (at !== bytes) throw new Error(`${address}: ${at} bytes came instead of ${bytes}`);
      return whole.buffer;
    }
    whole.set(value, at);
    at += value.length;
  }
}

/** Bytes that the page itself holds: base64 of gzip, numbers of several bytes split into planes of equal bytes. */
export async function unpacked(text, width) {
  const packed = fromBase64(text);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  if (width === 1) return bytes.buffer;
  const out = new Uint8Array(bytes.length), count = bytes.length / width;
  for (let plane = 0; plane < width; plane++)
    for (let n = 0, at = plane, from = plane * count; n < count; n++, at += width) out[at] = bytes[from + n];
  return out.buffer;
}

function fromBase64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const letters = atob(text), out = new Uint8Array(letters.length);
  for (let n = 0; n < out.length; n++) out[n] = letters.charCodeAt(n);
  return out;
}

/** Bytes that an array of a description takes. */
export function bytesOf({ type, shape }) {
  return shape.reduce((product, side) => product * side, 1) * TYPES[type].BYTES_PER_ELEMENT;
}

export function widthOf({ type }) {
  return TYPES[type].BYTES_PER_ELEMENT;
}
