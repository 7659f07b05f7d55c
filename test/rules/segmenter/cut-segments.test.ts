import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Packet, StreamScan } from '../../../engine/core/media.ts';
import { cutSegments, shownPts } from '../../../rules/segmenter/cut-segments.ts';

const options = { minSec: 8, maxSec: 16, width: 320, height: 180 };

interface Gop {
  readonly frames: number;
  /** Leading pictures after the keyframe, shown before it. */
  readonly leading: number;
  readonly seed: number;
}

const gop: fc.Arbitrary<Gop> = fc.record({
  frames: fc.integer({ min: 1, max: 120 }),
  leading: fc.integer({ min: 0, max: 2 }),
  seed: fc.nat(),
});

const film = fc.array(gop, { minLength: 1, maxLength: 60 });

/** A stream at 5 frames a second: each GOP's keyframe, its leading pictures, then the rest in order. */
function scanOf(gops: readonly Gop[]): StreamScan {
  const packets: Packet[] = [];
  let pts = 0;
  for (const [index, { frames, leading, seed }] of gops.entries()) {
    const isOpen = index > 0 ? leading : 0;
    const hash = (part: number) => ((seed * 31 + part * 7) >>> 0).toString(16).padStart(64, '0');
    packets.push({ pts: pts + isOpen, duration: 1, isKeyframe: true, hash: hash(0) });
    for (let part = 0; part < isOpen; part += 1) packets.push(plain(pts + part, hash(part + 1)));
    for (let part = 1; part < frames; part += 1) packets.push(plain(pts + isOpen + part, hash(part + 10)));
    pts += isOpen + frames;
  }
  return { codecDigest: 'codec', timeBase: [1, 5], packets };
}

function plain(pts: number, hash: string): Packet {
  return { pts, duration: 1, isKeyframe: false, hash };
}

test('segments hold every frame once, in order', () => {
  fc.assert(
    fc.property(film, (gops) => {
      const scan = scanOf(gops);
      const segments = cutSegments(scan, options);
      const pts = segments.flatMap(({ startPts, framePts }) => framePts.map((tick) => startPts + tick));
      assert.deepEqual(pts, shownPts(scan.packets));
      for (const [index, segment] of segments.entries()) {
        assert.equal(segment.index, index);
        assert.equal(segment.firstFrame, pts.indexOf(segment.startPts));
        assert.equal(
          segment.durationSec * 5,
          (segments[index + 1]?.startPts ?? pts.at(-1)! + 1) - segment.startPts,
        );
      }
    }),
  );
});

test('every segment begins at a keyframe, and knows its keyframes', () => {
  fc.assert(
    fc.property(film, (gops) => {
      const scan = scanOf(gops);
      const keys = new Set(scan.packets.filter((packet) => packet.isKeyframe).map((packet) => packet.pts));
      for (const { startPts, framePts, keyframes } of cutSegments(scan, options)) {
        assert.equal(keyframes[0], 0);
        const isKey = framePts.map((tick) => keys.has(startPts + tick));
        assert.deepEqual(
          keyframes,
          [...isKey.keys()].filter((position) => isKey[position]),
        );
      }
    }),
  );
});

test('a segment passes the maximum only as a single GOP, and is short only where the next GOP leaves no choice', () => {
  fc.assert(
    fc.property(film, (gops) => {
      const segments = cutSegments(scanOf(gops), options);
      for (const [index, { durationSec, keyframes, startSec }] of segments.entries()) {
        if (durationSec > options.maxSec) assert.equal(keyframes.length, 1);
        const next = segments[index + 1];
        if (durationSec >= options.minSec || next === undefined) continue;
        const gopAfterSec = ((next.keyframes[1] ?? next.framePts.length) as number) / 5;
        const joinedSec = next.startSec - startSec + Math.max(gopAfterSec, next.durationSec);
        assert.ok(joinedSec > options.maxSec);
      }
    }),
  );
});

test('a changed end leaves all segments but those near it as they were', () => {
  fc.assert(
    fc.property(film, film, film, (common, endA, endB) => {
      const a = cutSegments(scanOf([...common, ...endA]), options);
      const b = cutSegments(scanOf([...common, ...endB]), options);
      const commonSec = scanOf(common).packets.length / 5;
      const settled = (table: typeof a) =>
        table.filter((part) => part.startSec + part.durationSec + 2 * options.maxSec + 24 < commonSec);
      const digests = settled(a).map((part) => part.digest);
      assert.deepEqual(
        b.slice(0, digests.length).map((part) => part.digest),
        digests,
      );
    }),
  );
});

test('an inserted GOP leaves the segments before it, and soon also those after it, as they were', () => {
  const gops = Array.from({ length: 200 }, (_, index) => ({
    frames: 10,
    leading: 0,
    seed: (index * 2654435761) >>> 3,
  }));
  const inserted = { frames: 10, leading: 0, seed: 12345 };
  const before = cutSegments(scanOf(gops), options).map((part) => part.digest);
  const after = cutSegments(scanOf([...gops.slice(0, 100), inserted, ...gops.slice(100)]), options);
  const changed = after.filter((part) => !before.includes(part.digest));
  assert.ok(changed.length <= 4, `${changed.length} of ${after.length} segments changed`);
});

test('where a film begins in time is not in its digests', () => {
  fc.assert(
    fc.property(film, fc.integer({ min: -1000, max: 1e9 }), (gops, shift) => {
      const scan = scanOf(gops);
      const shifted = {
        ...scan,
        packets: scan.packets.map((packet) => ({ ...packet, pts: packet.pts + shift })),
      };
      assert.deepEqual(
        cutSegments(shifted, options).map((part) => part.digest),
        cutSegments(scan, options).map((part) => part.digest),
      );
    }),
  );
});

test('rounding times to milliseconds changes no digest of a usual frame rate', () => {
  const long = film.filter((gops) => gops.reduce((sum, { frames }) => sum + frames, 0) > 200);
  const rates = fc.constantFrom(
    [24000, 1001],
    [25, 1],
    [30000, 1001],
    [30, 1],
    [60000, 1001],
    [60, 1],
    [12.5, 1],
  );
  fc.assert(
    fc.property(long, rates, fc.nat(1000), (gops, [frames, seconds], startMs) => {
      const exact = scanOf(gops);
      const packets = exact.packets.map((packet) => ({
        ...packet,
        pts: Math.round(startMs / 3 + (packet.pts * seconds! * 1000) / frames!),
        duration: Math.floor((seconds! * 1000) / frames!),
      }));
      const rounded: StreamScan = { ...exact, timeBase: [1, 1000], packets };
      const written: StreamScan = { ...exact, timeBase: [seconds! * 2, frames! * 2] };
      assert.deepEqual(
        cutSegments(rounded, options).map((part) => part.digest),
        cutSegments(written, options).map((part) => part.digest),
      );
    }),
  );
});

test('a digest changes with any packet that the segment is decoded from, and with no other', () => {
  const gops = [0, 1, 2, 3].map((seed) => ({ frames: 60, leading: seed === 1 ? 2 : 0, seed }));
  const scan = scanOf(gops);
  const digests = (changed: number) => {
    const packets = scan.packets.map((packet, index) =>
      index === changed ? { ...packet, hash: `${'f'.repeat(63)}0` } : packet,
    );
    return cutSegments({ ...scan, packets }, { ...options, maxSec: 12 }).map((part) => part.digest);
  };
  const original = digests(-1);
  const touched = (packet: number) =>
    [...digests(packet).keys()].filter((index) => digests(packet)[index] !== original[index]);
  assert.equal(original.length, 4);
  assert.deepEqual(touched(10), [0]);
  assert.deepEqual(touched(60), [0, 1], 'an open keyframe belongs to both sides');
  assert.deepEqual(touched(61), [0], 'a leading picture belongs to the segment that shows it');
  assert.deepEqual(touched(63), [1]);
  assert.deepEqual(touched(122), [2], 'a closed keyframe belongs to its own segment');
});

test('hidden packets are part of the digest but not frames', () => {
  const scan = scanOf([{ frames: 20, leading: 0, seed: 1 }]);
  const packets = scan.packets.map((packet, index) => (index < 3 ? { ...packet, isHidden: true } : packet));
  const [segment] = cutSegments({ ...scan, packets }, options);
  assert.equal(segment!.framePts.length, 17);
  assert.equal(segment!.startPts, 3);
  const fewer = cutSegments({ ...scan, packets: packets.filter((_, index) => index !== 1) }, options);
  assert.notEqual(fewer[0]!.digest, segment!.digest);
});

test('a stream without frames has no segments', () => {
  assert.deepEqual(cutSegments({ codecDigest: '', timeBase: [1, 25], packets: [] }, options), []);
});
