/** CRC-32C (Castagnoli), which Google's storage states for every object, in the shape of a Hash. */
export class Crc32c {
  private state = 0xffffffff;

  update(bytes: Uint8Array): this {
    let state = this.state;
    for (const byte of bytes) state = (state >>> 8) ^ (table[(state ^ byte) & 0xff] ?? 0);
    this.state = state;
    return this;
  }

  digest(_: 'hex'): string {
    return ((this.state ^ 0xffffffff) >>> 0).toString(16).padStart(8, '0');
  }
}

const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = (value & 1) === 0 ? value >>> 1 : (value >>> 1) ^ 0x82f63b78;
  return value;
});
