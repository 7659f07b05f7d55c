/** What must hold of how an NPZ file is written. */
import type { NdArray } from '../../../core/nd-array.ts';
import { type Check, type Fault, unless } from './check.ts';
import type { FileSubject } from './file-checks.ts';
import type { NpzLayout, NpzMember } from './npz-layout.ts';

export interface NpzSubject extends FileSubject {
  /** Or why there is none. */
  readonly layout: NpzLayout | TypeError;
  /** With `meta`; or why they cannot be read. */
  readonly arrays: Readonly<Record<string, NdArray>> | TypeError;
}

export const npzChecks: readonly Check<NpzSubject>[] = [
  {
    id: 'npz.readable',
    sentence: 'Every NPZ can be read without pickles.',
    faultsOf: ({ output: { path }, arrays }) =>
      arrays instanceof TypeError ? [{ path, expected: 'an NPZ file', found: arrays.message }] : [],
  },
  {
    id: 'npz.archive',
    sentence: 'An NPZ is a whole zip archive, with right checksums and nothing between its members.',
    faultsOf: ({ output: { path }, layout }) => {
      if (layout instanceof TypeError) return [{ path, expected: 'a zip archive', found: layout.message }];
      const wrong = layout.members.filter(({ isChecksumRight }) => !isChecksumRight);
      return [
        ...unless(layout.strayBytes === 0, {
          path,
          expected: 'members and their directory alone',
          found: `${layout.strayBytes} bytes besides`,
        }),
        ...wrong.map(({ name }) => ({
          path: `${path}#${name}`,
          expected: 'the checksum of its bytes',
          found: 'another one',
        })),
      ];
    },
  },
  {
    id: 'npz.stored',
    sentence: 'Its members are stored: not compressed, not encrypted.',
    faultsOf: ofEach(({ method, flags }) => ({
      holds: method === 0 && (flags & 1) === 0,
      expected: 'stored (method 0, not encrypted)',
      found: `method ${method}${flags & 1 ? ', encrypted' : ''}`,
    })),
  },
  {
    id: 'npz.dates',
    sentence: 'Its members have one fixed date, so that the same arrays give the same bytes.',
    faultsOf: ofEach(({ dosTime }) => ({
      holds: dosTime === fixedDosTime,
      expected: dateText(fixedDosTime),
      found: dateText(dosTime),
    })),
  },
  {
    id: 'npz.order',
    sentence: 'Its members are sorted by name, each there once, and end in .npy.',
    faultsOf: ({ output: { path }, layout }) => {
      if (layout instanceof TypeError) return undefined;
      const names = layout.members.map(({ name }) => name.replace(/\.npy$/, ''));
      const sorted = [...new Set(names)].sort(); // By code unit: numbers are no reason to change the order.
      return [
        ...unless(names.join() === sorted.join(), {
          path,
          expected: sorted.join(', '),
          found: names.join(', '),
        }),
        ...layout.members.flatMap(({ name }) =>
          unless(name.endsWith('.npy'), {
            path: `${path}#${name}`,
            expected: 'a name that ends in .npy',
            found: `"${name}"`,
          }),
        ),
      ];
    },
  },
  {
    id: 'npz.npy',
    sentence: 'Its arrays are .npy 1.0, in C order, little endian, and without pickles.',
    faultsOf: ofEach(({ header }) => ({
      holds: header !== undefined && header.version === '1.0' && headerFault(header) === undefined,
      expected: '.npy 1.0, C order, one of <f4 <f8 <i4 |u1 |b1 <U, as many elements as its shape',
      found: header === undefined ? 'no .npy file' : `.npy ${header.version} ${header.text}`,
    })),
  },
];

const fixedDosTime = 0x0021_0000; // 1980-01-01 00:00:00, the earliest that zip can say.

interface Finding {
  readonly holds: boolean;
  readonly expected: string;
  readonly found: string;
}

/** A check of one member after the other. */
function ofEach(find: (member: NpzMember) => Finding): Check<NpzSubject>['faultsOf'] {
  return ({ output: { path }, layout }): Fault[] | undefined => {
    if (layout instanceof TypeError) return undefined;
    return layout.members.flatMap((member) => {
      const { holds, expected, found } = find(member);
      return unless(holds, { path: `${path}#${member.name}`, expected, found });
    });
  };
}

/** Bytes of one element. */
const widths: Readonly<Record<string, number>> = { '<f4': 4, '<f8': 8, '<i4': 4, '|u1': 1, '|b1': 1 };

function headerFault({ text, dataBytes }: NonNullable<NpzMember['header']>): 'header' | 'length' | undefined {
  const found = /^\{'descr': '([<|][a-zA-Z]\d+)', 'fortran_order': False, 'shape': \(([\d, ]*)\), \}$/.exec(
    text,
  );
  const [, descr = '', shape = ''] = found ?? [];
  const width = descr.startsWith('<U') ? 4 * Number(descr.slice(2)) : widths[descr];
  if (width === undefined) return 'header';
  const count = (shape.match(/\d+/g) ?? []).reduce((product, length) => product * Number(length), 1);
  return count * width === dataBytes ? undefined : 'length';
}

function dateText(dosTime: number): string {
  const [date, time] = [Math.floor(dosTime / 0x10000), dosTime % 0x10000];
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${1980 + (date >> 9)}-${two((date >> 5) & 15)}-${two(date & 31)}`;
  return `${day} ${two(time >> 11)}:${two((time >> 5) & 63)}:${two((time & 31) * 2)}`;
}
