/** What a `.npy` file says of its array. Format: NEP 1, "A simple file format for NumPy arrays", versions 1.0 to 3.0. */

export interface NpyFile {
  /** NumPy's code of the elements: '<f4'; of records and the like, the Python expression. */
  readonly descr: string;
  readonly isFortranOrder: boolean;
  readonly shape: readonly number[];
  /** The elements: a view of the file. */
  readonly data: Uint8Array;
}

/** @throws {TypeError} if the bytes are not such a file */
export function parseNpy(file: Uint8Array, name: string): NpyFile {
  const version = file[6]!;
  if (!isNpy(file) || version < 1 || version > 3) throw new TypeError(`${name} is not in .npy format`);
  const start = version === 1 ? 10 : 12;
  const length = file[8]! + file[9]! * 256 + (version === 1 ? 0 : file[10]! * 65536 + file[11]! * 2 ** 24);
  const header = new TextDecoder().decode(file.slice(10, start + length));
  const fields = /'descr': (.+), 'fortran_order': (True|False), 'shape': \(([^)]*)\)/.exec(header);
  if (!fields)
    throw new TypeError(`${name} has a header that is not supported: ${header.trim().slice(0, 80)}`);
  return {
    descr: fields[1]!.replace(/^'(.*)'$/, '$1'),
    isFortranOrder: fields[2] === 'True',
    shape: (fields[3]!.match(/\d+/g) ?? []).map(Number),
    data: file.subarray(start + length),
  };
}

/** True for bytes that begin as a `.npy` file does. */
export function isNpy(file: Uint8Array): boolean {
  return [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59].every((byte, index) => file[index] === byte);
}
