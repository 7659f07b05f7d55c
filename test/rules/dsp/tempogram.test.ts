import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pulseNear, type Tempogram, tempogram } from '../../../rules/dsp/tempogram.ts';
import { noiseSource } from '../audio/click-track.ts';

const rateHz = 100;

function gramOf(envelope: Float32Array): Tempogram {
  return tempogram(envelope, { rateHz, windowSec: 8, hopSec: 2, minBpm: 40, maxBpm: 480 });
}

/** Onsets of two frames, as clicks have. */
function clicks(bpm: number, seconds: number): Float32Array {
  const envelope = new Float32Array(seconds * rateHz);
  for (let beat = 0; (beat * 60 * rateHz) / bpm < envelope.length - 2; beat += 1) {
    const frame = Math.round((beat * 60 * rateHz) / bpm);
    envelope.fill(1, frame, frame + 2);
  }
  return envelope;
}

const strongest = ({ bpm, meanPulse }: Tempogram) => bpm[meanPulse.indexOf(Math.max(...meanPulse))]!;

test('clicks pulse at their own tempo most, neither at half nor at twice it', () => {
  for (let bpm = 44; bpm <= 236; bpm += 12) {
    const gram = gramOf(clicks(bpm, 20));
    assert.ok(Math.abs(strongest(gram) / bpm - 1) < 0.013, `${bpm} came out as ${strongest(gram)}`);
    for (const wrong of [bpm / 2, 2 * bpm].filter((tempo) => tempo > 40 && tempo < 480)) {
      const pulse = gram.meanPulse[gram.bpm.findIndex((tempo) => tempo >= wrong)]!;
      assert.ok(pulse < Math.max(...gram.meanPulse) / 2, `${bpm} pulses ${pulse} at ${wrong}`);
    }
  }
});

test('every pulse is from 0 to 1', () => {
  const random = noiseSource(2);
  for (const envelope of [clicks(120, 30), new Float32Array(3000).map(() => Math.max(0, random()))]) {
    const gram = gramOf(envelope);
    for (const window of [...gram.pulse, gram.meanPulse])
      for (const value of window) assert.ok(value >= 0 && value <= 1);
  }
});

test('a pulse is told where it is, and silence says nothing about its tempo', () => {
  const envelope = new Float32Array(60 * rateHz);
  envelope.set(clicks(100, 20), 20 * rateHz);
  const gram = gramOf(envelope);
  assert.ok(pulseNear(gram, { timeSec: 30, bpm: 100 }) > 0.8);
  assert.equal(pulseNear(gram, { timeSec: 2, bpm: 100 }), 0);
  assert.equal(pulseNear(gram, { timeSec: 58, bpm: 100 }), 0);
  assert.ok(Math.max(...gram.meanPulse) > 0.8);
});

test('two onsets alone are believed half at most', () => {
  const envelope = new Float32Array(10 * rateHz);
  envelope.fill(1, 300, 302);
  envelope.fill(1, 350, 352);
  assert.ok(Math.max(...gramOf(envelope).meanPulse) < 0.5);
});

test('an envelope without onsets and one shorter than a window have a tempogram too', () => {
  assert.equal(Math.max(...gramOf(new Float32Array(1000)).meanPulse), 0);
  assert.equal(Math.max(...gramOf(new Float32Array(1000).fill(1)).meanPulse), 0);
  const short = gramOf(clicks(120, 3));
  assert.equal(short.pulse.length, 1);
  assert.ok(Math.abs(strongest(short) / 120 - 1) < 0.05);
});
