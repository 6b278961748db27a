// Whether the voxels that the page mixes are those of the file.

const TABLE = new Uint32Array(256).map((_, n) => {
  let value = n;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** CRC-32 of bytes (ISO 3309), as zlib has it. */
export function crc32(bytes) {
  let value = 0xffffffff;
  for (let n = 0; n < bytes.length; n++) value = TABLE[(value ^ bytes[n]) & 255] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

/**
 * Mix every slice of the file with a look and compare it.
 * @param file the voxels of the file (k, j, i, channel), or null: then slices are compared by their CRC-32
 * @param told called with the share that is done
 * @returns {{slices, unequalSlices, voxels, unequalVoxels}} unequalVoxels is null where only slices were compared
 */
export async function compareWithFile(mixing, planes, { crc, file = null, told = () => {} }) {
  const found = { slices: crc.length, unequalSlices: 0, voxels: 0, unequalVoxels: file ? 0 : null };
  for (let k = 0; k < crc.length; k++) {
    const mixed = mixing.slice(planes.fileSlice(k));
    found.voxels += mixed.length / 3;
    let unequal = crc32(mixed) !== crc[k];
    if (file) {
      const start = k * mixed.length;
      let count = 0;
      for (let n = 0; n < mixed.length; n += 3) {
        const there = start + n;
        if (mixed[n] !== file[there] || mixed[n + 1] !== file[there + 1] || mixed[n + 2] !== file[there + 2]) count++;
      }
      found.unequalVoxels += count;
      unequal = count > 0;
    }
    found.unequalSlices += Number(unequal);
    if (k % 8 === 7) {
      told((k + 1) / crc.length);
      await new Promise((resume) => setTimeout(resume)); // the page stays usable
    }
  }
  return found;
}

export function comparisonText(found) {
  const voxels = found.voxels.toLocaleString("en");
  if (found.unequalSlices === 0) return `All ${voxels} voxels mixed here are those of the file.`;
  if (found.unequalVoxels !== null)
    return `${found.unequalVoxels.toLocaleString("en")} of ${voxels} voxels differ from the file.`;
  return `${found.unequalSlices} of ${found.slices} slices differ from the file.`;
}
